// The sentence that nixpack exists for: bundle markov, copy the file, run it.
import { copyFileSync, existsSync, mkdirSync, chownSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'

import { freePort, processesOf, startBundle, until } from '../helpers/bundle-process.ts'
import { bundlePath, newUser, removeUsers } from '../helpers/e2e-bundles.ts'
import { launchMarkov, runDirOf, startMarkov } from '../helpers/markov.ts'

afterEach(removeUsers)

const WORDS = 'the quick brown fox jumps over the lazy dog and the quick brown cat sleeps'

test('a copied bundle answers /build and /generate for a user without Nix, Node, shell or home directory', async () => {
  const { uid, dir } = newUser()
  const file = join(dir, 'copied elsewhere')
  copyFileSync(bundlePath('markov'), file)
  const markov = await startMarkov({ uid, dir, file })
  expect(await markov.build(WORDS)).toBeLessThan(300)
  const generated = await markov.generate(5)
  expect(generated.status).toBe(200)
  expect(generated.text.split(/\W+/).some((word) => WORDS.includes(word))).toBe(true)
  expect(existsSync(join(dir, 'markov.data'))).toBe(true)
})

test('SIGTERM ends it with status 0: data on disk, run directory gone, no process left', async () => {
  const markov = await startMarkov()
  await markov.build(WORDS)
  expect(existsSync(runDirOf(markov.uid))).toBe(true)
  markov.child.kill('SIGTERM')
  expect(await markov.ended).toEqual({ status: 0, signal: null })
  expect(processesOf(markov.uid)).toEqual([])
  expect(existsSync(runDirOf(markov.uid))).toBe(false)
  const again = await startMarkov({ uid: markov.uid, dir: markov.dir })
  expect((await again.generate(5)).status).toBe(200)
})

test('markov starts only when redis answers, and stops before it', async () => {
  const markov = await startMarkov()
  expect(markov.process('redis-server').pid).toBeLessThan(markov.process('markov').pid)
  markov.child.kill('SIGINT')
  expect((await markov.ended).status).toBe(0)
  const log = markov.stdout() + markov.stderr()
  const ready = log.search(/eady to accept connections/i)
  expect(ready).toBeGreaterThan(-1)
  expect(log.slice(0, ready)).not.toMatch(/^markov\s*\| /m)
  expect(log.slice(log.search(/markov.*(stopp|exit)/i))).toMatch(/redis\s*\|.*(bye|shut)/i)
})

test('a second Ctrl-C kills at once', async () => {
  const markov = await startMarkov()
  process.kill(markov.process('redis-server').pid, 'SIGSTOP')
  process.kill(markov.process('markov').pid, 'SIGSTOP')
  markov.child.kill('SIGINT')
  await markov.printed(/stopping/i)
  const start = performance.now()
  markov.child.kill('SIGINT')
  await markov.ended
  expect(performance.now() - start).toBeLessThan(5000)
  expect(processesOf(markov.uid)).toEqual([])
})

test('Ctrl-C at a terminal ends it with status 0', async () => {
  const { dir } = newUser()
  chownSync(dir, 0, 0)
  const environment = {
    MARKOV_LISTEN_ADDR: `127.0.0.1:${await freePort()}`,
    NIXPACK_RUN_DIR: join(dir, 'run'),
    NIXPACK_CACHE_DIR: join(dir, 'cache'),
    PATH: process.env['PATH'] ?? '',
  }
  const terminal = spawn('script', ['--quiet', '--return', '--command', `exec ${bundlePath('markov')}`, '/dev/null'], {
    cwd: dir,
    env: environment,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let screen = ''
  terminal.stdout.setEncoding('utf8').on('data', (text: string) => (screen += text))
  await until('both processes are ready', () => /markov ready/.test(screen), 30_000)
  terminal.stdin.write('\u0003')
  const [status] = await once(terminal, 'close')
  expect(status).toBe(0)
  expect(screen).toMatch(/stopping: got SIGINT/)
  expect(existsSync(join(dir, 'run', 'markov'))).toBe(false)
})

test('redis killed with -9 comes back and /generate answers again', async () => {
  const markov = await startMarkov()
  await markov.build(WORDS)
  const before = markov.process('redis-server').pid
  process.kill(before, 'SIGKILL')
  await until('another redis runs', () => processesOf(markov.uid).some(({ name, pid }) => name === 'redis-server' && pid !== before))
  await until('/generate answers', async () => (await markov.generate(3)).status === 200)
  expect(markov.child.exitCode).toBeNull()
})

test('a second start unpacks nothing', async () => {
  const first = await startMarkov()
  first.child.kill('SIGTERM')
  await first.ended
  const storeDir = join('/tmp', `nixpack-${first.uid}`, 'store')
  const cacheDir = existsSync(storeDir) ? storeDir : join('/var/tmp', `nixpack-${first.uid}`, 'store')
  const shape = () => readdirSync(cacheDir).map((name) => [name, statSync(join(cacheDir, name)).ino, statSync(join(cacheDir, name)).ctimeMs])
  const before = shape()
  expect(before.length).toBeGreaterThan(5)
  const second = await startMarkov({ uid: first.uid, dir: first.dir })
  expect(shape()).toEqual(before)
  second.child.kill('SIGTERM')
  await second.ended
})

test('a wrong environment is refused as a whole: every problem by name, nothing started, status 125', async () => {
  const { uid, dir } = newUser()
  const run = startBundle({ file: bundlePath('markov'), uid, cwd: dir, env: { MARKOV_LISTEN_ADDR: 'nonsense', MARKOV_TIMEOUT: '-1' } })
  expect((await run.ended).status).toBe(125)
  expect(run.stderr()).toMatch(/MARKOV_LISTEN_ADDR.*nonsense/)
  expect(run.stderr()).toMatch(/MARKOV_TIMEOUT.*-1/)
  expect(run.stderr()).toContain('NIXPACK_ENV_INVALID')
  expect(existsSync(join(dir, 'markov.data'))).toBe(false)
  expect(existsSync(runDirOf(uid))).toBe(false)
  expect(processesOf(uid)).toEqual([])
})

test("nothing that configures the host's Node, linker or OpenSSL has an effect", async () => {
  const { uid, dir } = newUser()
  const env = {
    NODE_OPTIONS: '--no-such-option',
    NODE_DEBUG: 'http',
    LD_PRELOAD: '/nonexistent.so',
    LD_LIBRARY_PATH: '/usr/lib',
    OPENSSL_CONF: '/etc/ssl/openssl.cnf',
  }
  const hostSetup = "mkdir -p /etc/ssl && mount -t tmpfs none /etc/ssl && echo '[[[ garbage' >/etc/ssl/openssl.cnf"
  const run = startBundle({ file: bundlePath('markov'), uid, cwd: dir, args: ['--version'], env, hostSetup })
  expect((await run.ended).status).toBe(0)
  expect(run.stdout()).toMatch(/^markov [0-9a-f]{64}\n/)
  expect(run.stderr()).toBe('')
})

test('a file of variables is read by the supervisor, and never by Node', async () => {
  const { uid, dir } = newUser()
  writeFileSync(join(dir, 'vars'), 'NODE_OPTIONS=--no-such-option\nMARKOV_TIMEOUT=7\n')
  const shown = startBundle({ file: bundlePath('markov'), uid, cwd: dir, args: ['env', '--env-file', 'vars'] })
  expect((await shown.ended).status).toBe(0)
  expect(shown.stdout()).toContain('MARKOV_TIMEOUT=7')
  const refused = startBundle({ file: bundlePath('markov'), uid, cwd: dir, args: ['--env-file', 'none'] })
  expect((await refused.ended).status).toBe(125)
  expect(refused.stderr()).toContain(`cannot read environment file "${join(dir, 'none')}"`)
})

test('a run directory that cannot be made is named', async () => {
  const { uid, dir } = newUser()
  const run = startBundle({ file: bundlePath('markov'), uid, cwd: dir, env: { NIXPACK_RUN_DIR: '/proc/none' } })
  expect((await run.ended).status).toBe(125)
  expect(run.stderr()).toMatch(/\/proc\/none[\s\S]*NIXPACK_CONFIG_UNWRITABLE/)
})

test('a data directory that cannot be made is named, and does not hang', async () => {
  const { uid, dir } = newUser()
  const run = startBundle({ file: bundlePath('markov'), uid, cwd: dir, env: { MARKOV_DATA_DIR: '/proc/none/below' } })
  expect((await run.ended).status).toBe(125)
  expect(run.stderr()).toMatch(/MARKOV_DATA_DIR: expected a writable directory, got "\/proc\/none\/below"/)
})

test('--help lists every variable with its default', async () => {
  const { uid, dir } = newUser()
  const run = startBundle({ file: bundlePath('markov'), uid, cwd: dir, args: ['--help'] })
  expect((await run.ended).status).toBe(0)
  for (const text of ['MARKOV_LISTEN_ADDR', 'localhost:8000', 'MARKOV_TIMEOUT', '720', 'MARKOV_DATA_DIR']) expect(run.stdout()).toContain(text)
})

test.each([
  ['spaces', 'a  b'],
  ['quotes', `it's "quoted"`],
  ['a newline', 'line\nport 9999'],
  ['a leading dash', '-data'],
  ['a backslash', 'back\\slash'],
  ['a hash', '# comment'],
  ['a dollar', '$HOME'],
])('a data directory with %s in its name works and does not change what redis.conf means', async (_what, name) => {
  const { uid, dir } = newUser()
  const dataDir = join(dir, name)
  mkdirSync(dataDir)
  chownSync(dataDir, uid, uid)
  const markov = await startMarkov({ uid, dir, env: { MARKOV_DATA_DIR: name } })
  expect(await markov.build(WORDS)).toBeLessThan(300)
  expect(existsSync(join(dataDir, 'markov.data'))).toBe(true)
  expect(readdirSync(dir).filter((entry) => entry !== name)).toEqual([])
})

test('MARKOV_TIMEOUT reaches the service', async () => {
  const markov = await startMarkov({ env: { MARKOV_TIMEOUT: '5' } })
  expect(markov.process('markov').command).toMatch(/-timeout[= ]5\b/)
})

test('status, logs, restart and down speak to the running bundle', async () => {
  const markov = await startMarkov()
  const control = async (...args: readonly string[]) => {
    const run = startBundle({ file: bundlePath('markov'), uid: markov.uid, cwd: markov.dir, args })
    const { status } = await run.ended
    return { status, stdout: run.stdout(), stderr: run.stderr() }
  }
  const status = await control('status')
  expect(status.stdout).toMatch(/redis.*(ready|running)/i)
  expect((await control('logs', 'redis')).stdout).toMatch(/redis\s*\| .*eady to accept connections/i)
  const before = markov.process('redis-server').pid
  expect((await control('restart', 'redis')).status).toBe(0)
  await until('another redis runs', () => processesOf(markov.uid).some(({ name, pid }) => name === 'redis-server' && pid !== before))
  expect((await control('down')).status).toBe(0)
  expect((await markov.ended).status).toBe(0)
  expect((await control('status')).status).toBe(1)
})

test('a second start of the same instance is refused, another instance runs beside it', async () => {
  const markov = await startMarkov()
  const same = await launchMarkov({ uid: markov.uid, dir: markov.dir })
  expect((await same.ended).status).toBe(125)
  expect(same.stderr()).toContain('NIXPACK_CONTROL_IN_USE')
  const otherDir = join(markov.dir, 'other')
  mkdirSync(otherDir)
  chownSync(otherDir, markov.uid, markov.uid)
  const other = await startMarkov({ uid: markov.uid, dir: markov.dir, cwd: otherDir, args: ['--instance', 'other'] })
  expect((await other.generate(1)).status).toBeLessThan(500)
})
