// Bundles for aarch64, made on this machine and run on it by qemu-user, below a kernel that knows qemu-user.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'

import { AARCH64_KERNEL, noKernel } from '../helpers/aarch64.ts'
import { freePort, until } from '../helpers/bundle-process.ts'
import { nixpack } from '../helpers/e2e-bundles.ts'
import { removeUnpacked } from '../helpers/remove-unpacked.ts'

const MACHINE_AARCH64 = 183

// Short: the directory of relocated programs takes the place of /nix/store and of a part of the hash.
const dir = mkdtempSync('/tmp/np-')
const [hello, markov] = [join(dir, 'hello'), join(dir, 'markov')]

beforeAll(() => {
  for (const [file, attribute] of [
    [hello, 'hello'],
    [markov, 'entrypoint'],
  ] as const) {
    nixpack(['bundle', `fixtures/markov/markov.nix#aarch64.${attribute}`, '--quiet', '--level', '3', '--output', file])
  }
})

afterAll(() => {
  spawnSync('chmod', ['-R', 'u+w', dir])
  removeUnpacked(dir)
})

const machineOf = (file: string): number => {
  const header = Buffer.alloc(20)
  const fd = openSync(file, 'r')
  readSync(fd, header)
  closeSync(fd)
  return header.readUInt16LE(18)
}

/** The environment of a run: nothing but this, and a cache of its own. */
const environment = (name: string, variables: Readonly<Record<string, string>>): readonly string[] => {
  for (const part of ['c', 'data', 'run']) mkdirSync(join(dir, name, part), { recursive: true })
  chmodSync(join(dir, name, 'run'), 0o700)
  return ['env', '-i', ...Object.entries({ NIXPACK_CACHE_DIR: join(dir, name, 'c'), ...variables }).map(([key, value]) => `${key}=${value}`)]
}

test('the file begins with a launcher for aarch64, and inspect names the system', () => {
  expect(machineOf(hello)).toBe(MACHINE_AARCH64)
  expect(machineOf(markov)).toBe(MACHINE_AARCH64)
  expect(JSON.parse(nixpack(['inspect', hello, '--json']))).toMatchObject({ system: 'aarch64-linux' })
})

test('all that is in it is found intact on this machine', () => {
  expect(nixpack(['inspect', markov, '--verify'])).toContain('markov: composed bundle for aarch64-linux')
})

test.each(['bash', 'dash'])('%s says in one line that this machine cannot run it', (shell) => {
  const { status, stderr } = spawnSync(shell, ['-c', '"$0"', hello], { encoding: 'utf8' })
  // A machine on which qemu-user is registered for everybody can.
  expect(status === 0 ? 'runs' : `${status} ${stderr}`).toMatch(/^(runs|126 .*Exec format error\n)$/)
})

test.skipIf(noKernel).each(['mount', 'relocate'])('hello runs with the engine %s', (engine) => {
  const command = [...environment(`h-${engine}`, { NIXPACK_ENGINE: engine }), hello, '--greeting', 'from aarch64']
  expect(spawnSync(AARCH64_KERNEL, command, { encoding: 'utf8' })).toMatchObject({ status: 0, stdout: 'from aarch64\n', stderr: '' })
})

test.skipIf(noKernel).each(['mount', 'relocate'])('markov starts, answers and stops with the engine %s', async (engine) => {
  const address = `127.0.0.1:${await freePort()}`
  const variables = environment(`m-${engine}`, {
    NIXPACK_ENGINE: engine,
    NIXPACK_RUN_DIR: join(dir, `m-${engine}`, 'run'),
    MARKOV_DATA_DIR: join(dir, `m-${engine}`, 'data'),
    MARKOV_LISTEN_ADDR: address,
  })
  const child = spawn(AARCH64_KERNEL, [...variables, markov], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = once(child, 'close')
  const answers = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`markov ended: ${output}`)
    return fetch(`http://${address}/`, { signal: AbortSignal.timeout(5000) }).then(
      (response) => response.ok,
      () => false,
    )
  }
  await until('markov answers', answers, 90_000)
  expect((await fetch(`http://${address}/build`, { method: 'POST', body: 'the quick brown fox' })).status).toBe(200)
  expect(await (await fetch(`http://${address}/generate?numParts=4`)).text()).toMatch(/the quick brown fox/)
  const status = spawnSync(AARCH64_KERNEL, [...variables, markov, 'status'], { encoding: 'utf8' })
  expect(status.stdout).toMatch(/^markov +ready[\s\S]*^redis +ready/m)
  child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
  expect(output).toMatch(/redis stopped, exited with status 0/)
})
