// Exec checks and hooks, through the real spawner.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { HookName } from '../../runtime/contract/manifest-schema.ts'
import type { HookSpec, RunSpec } from '../../runtime/contract/process-spec.ts'
import { runHook } from '../../runtime/supervisor/hook.ts'
import { createCheckCommand, createCommandRunner } from '../../runtime/supervisor/probe-command.ts'
import type { CommandRunner } from '../../runtime/supervisor/probe-command.ts'
import { createProbe } from '../../runtime/supervisor/probe.ts'
import type { ProbeOutcome } from '../../runtime/supervisor/probe.ts'
import { readChildren } from '../../runtime/supervisor/process-tree.ts'
import { createSpawner } from '../../runtime/supervisor/spawner.ts'
import type { PipeFds, Spawner } from '../../runtime/supervisor/spawner.ts'
import { buildShim } from '../helpers/build-shim.ts'
import { createContext } from '../helpers/check-context.ts'
import { waitUntil } from '../helpers/observed-run.ts'
import { isAlive } from '../helpers/start-runtime.ts'

const dir = mkdtempSync(join(tmpdir(), 'nixpack-command-'))
let spawner: Spawner
beforeAll(() => {
  spawner = createSpawner({ shimPath: join(buildShim(dir), 'bin/shim'), environment: {} })
})
afterAll(() => {
  spawner.close()
  rmSync(dir, { recursive: true })
})

type Captured = { readonly runCommand: CommandRunner; readonly output: () => string }

const createRunner = (): Captured => {
  let output = ''
  const read = (fd: number | undefined): Promise<unknown> =>
    fd === undefined
      ? Promise.resolve()
      : new Promise((resolve) => {
          const stream = new Socket({ fd, readable: true, writable: false })
          stream
            .setEncoding('utf8')
            .on('data', (text) => void (output += String(text)))
            .on('close', resolve)
        })
  const capture = (pipes: PipeFds) => {
    const ended = Promise.all([read(pipes.out), read(pipes.err)])
    return async (timeoutMs: number): Promise<void> => {
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, timeoutMs))])
    }
  }
  return { runCommand: createCommandRunner({ spawner, fifosDir: join(dir, 'fifos'), capture }), output: () => output }
}

const createRun = (command: readonly string[]): RunSpec => ({
  command,
  program: undefined,
  environment: { PATH: process.env['PATH'] ?? '', INVOCATION_ID: 'a'.repeat(32), GREETING: 'hello' },
  workingDir: dir,
  identity: undefined,
  umask: undefined,
  nice: undefined,
  oomScoreAdj: undefined,
  rlimits: [],
})
const bash = (script: string): RunSpec => createRun(['bash', '-c', script])

test('a command runs as it is told, and its output is published before its end is', async () => {
  const { runCommand, output } = createRunner()
  expect(await runCommand({ run: bash('echo "$GREETING from $PWD"; echo oops >&2; exit 3'), output: 'log' })).toEqual({
    kind: 'exit',
    exit: { kind: 'code', code: 3 },
  })
  expect(output()).toContain(`hello from ${dir}\n`)
  expect(output()).toContain('oops\n')
})

test('a program that is not there is an end like any other', async () => {
  const { runCommand } = createRunner()
  expect(await runCommand({ run: createRun(['/nowhere/check']), output: 'null' })).toMatchObject({ kind: 'exit', exit: { kind: 'spawnFailed', status: 127 } })
})

test('when its time is over, it goes with all that it has started', async () => {
  const { runCommand, output } = createRunner()
  const script = `trap '' TERM; (trap '' TERM; sleep 1000) & echo $!; setsid sleep 1000 & echo $!; wait`
  const end = await runCommand({ run: bash(script), output: 'log', timeoutMs: 300 })
  expect(end).toEqual({ kind: 'timeout' })
  const pids = output().trim().split('\n').map(Number)
  expect(pids).toHaveLength(2)
  await waitUntil(() => !pids.some(isAlive))
})

test('a command that is cut off is killed, and one that is cut off before never runs', async () => {
  const { runCommand } = createRunner()
  const abort = new AbortController()
  const end = runCommand({ run: bash('sleep 1000'), output: 'null', signal: abort.signal })
  abort.abort()
  expect(await end).toEqual({ kind: 'aborted' })
  expect(await runCommand({ run: bash('sleep 1000'), output: 'null', signal: abort.signal })).toEqual({ kind: 'aborted' })
})

test('what a command leaves in the background does not hold up its end', async () => {
  const { runCommand } = createRunner()
  const startedMs = performance.now()
  expect(await runCommand({ run: bash('sleep 5 & exit 0'), output: 'log' })).toMatchObject({ kind: 'exit' })
  expect(performance.now() - startedMs).toBeLessThan(3000)
})

test('many at once keep their ends and leave no descriptor behind', async () => {
  const { runCommand } = createRunner()
  const before = readdirSync('/proc/self/fd').length
  const ends = await Promise.all(Array.from({ length: 50 }, (_, index) => runCommand({ run: bash(`exit ${index}`), output: 'log' })))
  expect(ends).toEqual(ends.map((_, code) => ({ kind: 'exit', exit: { kind: 'code', code } })))
  await waitUntil(() => readdirSync('/proc/self/fd').length <= before)
})

const probe = (script: string, timeoutMs: number): Promise<ProbeOutcome> =>
  new Promise((resolve) => {
    const runCommand = createCheckCommand(createRunner().runCommand, createRun(['server']))
    createProbe(
      { context: createContext({ runCommand }), spec: { check: { kind: 'exec', command: ['bash', '-c', script] }, intervalMs: 20, timeoutMs } },
      resolve,
    )
  })

test('an exec check is ready when it succeeds', async () => {
  expect(await probe('echo >> tries; [ $(wc -l < tries) -ge 4 ]', 10_000)).toEqual({ kind: 'ready' })
})

test('a try that hangs is ended, and the next one may be the one', async () => {
  expect(await probe('mkdir once 2>/dev/null && sleep 1000; exit 0', 20_000)).toEqual({ kind: 'ready' })
})

test.each([
  ['exit 7', '"bash" exited with status 7'],
  ['kill -KILL $$', '"bash" was ended by SIGKILL'],
])('the reason of %j is known in the end', async (script, reason) => {
  expect(await probe(script, 200)).toEqual({ kind: 'readyTimeout', reason })
})

const hook = async (name: HookName, script: string, overrides: Partial<HookSpec> = {}): Promise<{ isFine: boolean; reasons: string[]; output: string }> => {
  const { runCommand, output } = createRunner()
  const reasons: string[] = []
  const isFine = await runHook({
    name,
    hook: { command: ['bash', '-c', script], ignoreFailure: false, timeoutMs: 5000, ...overrides },
    run: createRun(['server']),
    facts: { process: 'web', index: 2, pid: 42, signal: 'SIGTERM', exit: { kind: 'signal', signal: 'SIGKILL' } },
    runCommand,
    report: (reason) => void reasons.push(reason),
  })
  return { isFine, reasons, output: output() }
}

test('what a check leaves in the background ends with it', async () => {
  expect(await probe('sleep 1000 & echo $! > left; exit 0', 10_000)).toEqual({ kind: 'ready' })
  const pid = Number(readFileSync(join(dir, 'left'), 'utf8'))
  await waitUntil(() => !isAlive(pid))
})

test('a hook has the facts in its environment, and its words are in the log', async () => {
  const script = 'echo $NIXPACK_HOOK $NIXPACK_PROCESS $NIXPACK_INDEX $NIXPACK_PID $NIXPACK_SIGNAL $NIXPACK_EXIT_CODE $GREETING'
  expect(await hook('afterReap', script)).toEqual({ isFine: true, reasons: [], output: 'afterReap web 2 42 SIGTERM -9 hello\n' })
})

test('a hook that takes too long is killed, and has failed', async () => {
  expect(await hook('beforeStart', 'sleep 1000', { timeoutMs: 200 })).toMatchObject({
    isFine: false,
    reasons: ['hook beforeStart was killed: it took more than 200 ms'],
  })
})

test('a hook whose failure is ignored is reported all the same', async () => {
  expect(await hook('beforeStart', 'exit 1', { ignoreFailure: true })).toMatchObject({ isFine: true, reasons: ['hook beforeStart exited with status 1'] })
})

test('a spawner that is gone is an end, not a hang', async () => {
  const known = new Set(readChildren(process.pid).map(({ pid }) => pid))
  const lost = createSpawner({ shimPath: join(dir, 'bin/shim'), environment: {} })
  const runCommand = createCommandRunner({ spawner: lost, fifosDir: join(dir, 'fifos'), capture: () => () => Promise.resolve() })
  const ends = [runCommand({ run: bash('sleep 1000'), output: 'null' })]
  for (const { pid } of readChildren(process.pid)) if (!known.has(pid)) process.kill(pid, 'SIGKILL')
  await lost.lost
  ends.push(runCommand({ run: bash('sleep 1000'), output: 'null' }))
  expect((await Promise.all(ends)).map(({ kind }) => kind)).toEqual(['exit', 'exit'])
})
