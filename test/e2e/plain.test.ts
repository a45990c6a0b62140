// A plain bundle is the program itself: same process id, arguments, environment, directory, stdin, status, signal.
import { statSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'

import { processesOf, startBundle, until } from '../helpers/bundle-process.ts'
import { bundlePath, newUser, nixpack, removeUsers } from '../helpers/e2e-bundles.ts'

afterEach(removeUsers)

const runBash = async (args: readonly string[], options: { readonly input?: string; readonly env?: Readonly<Record<string, string>> } = {}) => {
  const { uid, dir } = newUser()
  const run = startBundle({ file: bundlePath('bash'), uid, cwd: dir, args, ...options })
  return { ...(await run.ended), pid: run.pid, dir, stdout: run.stdout(), stderr: run.stderr() }
}

test('hello greets, and its file is the compressed closure and at most 1 MB', async () => {
  const { uid, dir } = newUser()
  const run = startBundle({ file: bundlePath('hello'), uid, cwd: dir })
  expect(await run.ended).toEqual({ status: 0, signal: null })
  expect(run.stdout()).toBe('Hello, world!\n')
  const { paths } = JSON.parse(nixpack(['inspect', bundlePath('hello'), '--json']))
  const compressed = paths.reduce((total: number, path: { compressedBytes: number }) => total + path.compressedBytes, 0)
  expect(statSync(bundlePath('hello')).size).toBeLessThan(compressed + 1_000_000)
  expect(paths.some((path: { name: string }) => path.name.includes('runtime'))).toBe(false)
})

test.each([{ args: ['', ' ', 'a b', `'"`, '\n', '$x', '*'] }, { args: ['--', '--nixpack-help'] }, { args: ['x', '--nixpack-verify'] }])(
  'arguments arrive as they were given: $args',
  async ({ args }) => {
    const { stdout } = await runBash(['-c', 'printf "<%s>" "$@"', 'zero', ...args])
    expect(stdout).toBe(args.map((arg) => `<${arg}>`).join(''))
  },
)

test('a -- in front is passed on with what follows', async () => {
  const { stdout, stderr } = await runBash(['--', '--nixpack-help'])
  expect(stdout).toBe('')
  expect(stderr).toMatch(/--nixpack-help: No such file/)
})

test('an unknown option of our own is an error that names it', async () => {
  const { status, stderr } = await runBash(['--nixpack-hepl'])
  expect(status).toBe(125)
  expect(stderr).toContain('--nixpack-hepl')
})

test('process id, directory, stdin and environment are those of a direct start', async () => {
  const script = 'echo $$; pwd; read -r typed; echo "$typed"; while IFS= read -r -d "" line; do echo "$line"; done </proc/self/environ'
  const { stdout, pid, dir } = await runBash(['-c', script], { input: 'typed\n', env: { A: 'one two', B: '' } })
  const [shownPid, shownDir, typed, ...variables] = stdout.trimEnd().split('\n')
  expect([shownPid, shownDir, typed]).toEqual([String(pid), dir, 'typed'])
  expect(variables.sort()).toEqual(['A=one two', 'B=', 'PATH=/nonexistent'])
})

test.each([0, 1, 42, 125, 255])('exit status %i is passed on', async (status) => {
  expect((await runBash(['-c', `exit ${status}`])).status).toBe(status)
})

test.each(['SIGTERM', 'SIGKILL', 'SIGSEGV'] as const)('death by %s is death by that signal', async (signal) => {
  expect(await runBash(['-c', `kill -${signal.slice(3)} $$`])).toMatchObject({ status: null, signal })
})

test('argv[0] is what the caller chose', async () => {
  const { stdout } = await runBash(['-c', `exec -a 'another name' ${bundlePath('bash')} -c 'read -r -d "" first </proc/self/cmdline; echo "$first"'`])
  expect(stdout).toBe('another name\n')
})

test('no process of ours remains beside the program', async () => {
  const { uid, dir } = newUser()
  const run = startBundle({ file: bundlePath('bash'), uid, cwd: dir, args: ['-c', 'echo up; while :; do :; done'] })
  await run.printed(/up/)
  await until('only the program is left', () => processesOf(uid).every(({ pid }) => pid === run.pid))
  run.child.kill('SIGKILL')
  expect((await run.ended).signal).toBe('SIGKILL')
})
