// What is declared, as it arrives at real processes: users, instances, ports, sockets, files of variables.
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { createRuntime } from '../helpers/start-runtime.ts'
import type { Runtime } from '../helpers/start-runtime.ts'

let runtime: Runtime | undefined
afterEach(() => runtime?.dispose())

const create = (manifest: Readonly<Record<string, unknown>>): Runtime => {
  runtime = createRuntime(manifest)
  return runtime
}

const sh = (script: string, ...words: readonly string[]): readonly string[] => ['/bin/sh', '-c', script, 'sh', ...words]
const ending = (command: readonly string[], more: Readonly<Record<string, unknown>> = {}) => ({ command, restart: 'never', ...more })

const NOBODY = 65_534

test('a process of another user reads its configuration and writes to its directories, others do not get there', async ({ skip }) => {
  skip(process.getuid?.() !== 0, 'only root can change to another user')
  const script = 'id -u; echo "home $HOME $USER"; cat "$1"; touch "$2/made" "$3/made" "$4/made" && echo wrote; ls "$4/.." >/dev/null 2>&1 || echo closed'
  const { dir, run, runDir } = create({
    files: { conf: { text: 'configured by @{nixpack:file.inner}\n' }, inner: { text: 'x' }, secret: { text: 'hush' } },
    processes: {
      p: ending(sh(script, '@{nixpack:file.conf}', '@{nixpack:dir.spool}', '@{nixpack:dir.tmp}', '@{nixpack:dir.run}'), { user: 'nobody', group: NOBODY }),
      q: ending(sh('cat "$1" 2>&1 || true', `@{nixpack:dir.run}/secret`), { user: 'nobody', group: NOBODY }),
    },
  })
  chmodSync(dir, 0o711)
  const { status, stdout } = await run(['up'], { NIXPACK_STATE_DIR: join(dir, 'state') })
  expect(stdout).toContain(`${NOBODY}`)
  expect(stdout).toMatch(/home \S+ nobody/)
  expect(stdout).toContain(`configured by ${runDir}/demo/default/run/inner`)
  expect(stdout).toContain('wrote')
  expect(stdout).toContain('closed')
  expect(stdout).not.toContain('hush')
  expect(status).toBe(0)
  expect([statSync(join(dir, 'state/spool')).uid, statSync(join(dir, 'state')).uid]).toEqual([NOBODY, 0])
})

test('instances know their number, and their ports follow from it', async () => {
  const env = { PORT: { type: 'port', default: 8000 } }
  const command = sh(
    'echo "$1 of $2 at $3 ($NIXPACK_PROCESS $NIXPACK_INDEX)"',
    '@{nixpack:process.index}',
    '@{nixpack:process.name}',
    '@{nixpack:env.PORT|offset}',
  )
  const { stdout } = await create({ env, processes: { p: ending(command, { numprocesses: 3 }) } }).run(['up'])
  for (const line of ['1 of p at 8000 (p 1)', '2 of p at 8001 (p 2)', '3 of p at 8002 (p 3)']) expect(stdout).toContain(line)
})

test('a port that is left to us is the same in every run', async () => {
  const env = { PORT: { type: 'port', default: 'auto' } }
  const { run, dir } = create({ env, processes: { p: ending(sh('echo "port $1"', '@{nixpack:env.PORT}')) } })
  const environment = { NIXPACK_STATE_DIR: join(dir, 'state') }
  const first = /port (\d+)/.exec((await run(['up'], environment)).stdout)?.[1]
  expect(JSON.parse(readFileSync(join(dir, 'state/ports.json'), 'utf8'))).toEqual({ PORT: Number(first) })
  expect((await run(['up'], environment)).stdout).toContain(`port ${first}`)
  expect((await run(['env'], environment)).stdout).toContain(`PORT=${first}`)
})

test('whoever finds the state directory in use leaves its ports alone, and names who has it', async () => {
  const env = { PORT: { type: 'port', default: 'auto' } }
  const { run, start, dir } = create({ env, processes: { p: { command: sh('echo "port $1"; exec sleep 1000', '@{nixpack:env.PORT}') } } })
  const environment = { NIXPACK_STATE_DIR: join(dir, 'state') }
  const first = start(['up'], environment)
  const [, port] = await first.sees(/port (\d+)/)
  const ports = readFileSync(join(dir, 'state/ports.json'), 'utf8')
  // As the process would: whoever starts now finds the port taken.
  const server = createServer().listen(Number(port), '127.0.0.1')
  await once(server, 'listening')
  const second = await run(['up', '--instance', 'other'], environment)
  server.close()
  expect(second.status).toBe(125)
  expect(second.stderr).toMatch(/another instance is using it \(pid \d+\) {2}\[NIXPACK_STATE_LOCKED\]/)
  expect(readFileSync(join(dir, 'state/ports.json'), 'utf8')).toBe(ports)
  first.child.kill('SIGTERM')
  await first.finished
})

test('nothing is made for a bundle that keeps nothing', async () => {
  const { run, dir } = create({ processes: { p: ending(['/bin/true']) } })
  expect((await run(['up'], { NIXPACK_STATE_DIR: join(dir, 'state') })).status).toBe(0)
  expect(existsSync(join(dir, 'state'))).toBe(false)
})

test('a socket is at the descriptor and the port that its placeholders say', async () => {
  const script = 'echo "$LISTEN_FDS $LISTEN_FDNAMES $1 $2"; test -S "/proc/self/fd/$1" && echo socket; test "$2" -gt 0 && echo bound'
  const { stdout } = await create({
    sockets: { other: { unix: '@{nixpack:dir.run}/s' }, web: { tcp: '127.0.0.1:0' } },
    processes: { p: ending(sh(script, '@{nixpack:socket.web.fd}', '@{nixpack:socket.web.port}'), { sockets: ['other', 'web'] }) },
  }).run(['up'])
  expect(stdout).toMatch(/2 other:web 4 [1-9]\d*/)
  expect(stdout).toContain('socket')
  expect(stdout).toContain('bound')
})

test('a file of variables fills what the environment leaves open', async () => {
  const env = { A: { type: 'string', default: 'a' }, B: { type: 'string' }, C: { type: 'integer' } }
  const command = sh('echo "$1,$2,$3"', '@{nixpack:env.A}', '@{nixpack:env.B}', '@{nixpack:env.C}')
  const { run, dir } = create({ env, processes: { p: ending(command) } })
  writeFileSync(join(dir, 'vars'), '# comment\nA=file\nexport B="b c"\nC=3\n')
  expect((await run(['up', '--env-file', 'vars'], { A: 'real' })).stdout).toContain('real,b c,3')
  writeFileSync(join(dir, 'vars'), 'A\nB="hush\n')
  const { status, stderr } = await run(['up', '--env-file', 'vars'])
  expect([status, stderr]).toEqual([125, expect.stringContaining('line 1: expected NAME=VALUE')])
  expect(stderr).toContain('line 2: the value of B has a quote without its end')
  expect(stderr).not.toContain('hush')
})

test.each([
  [
    'processes',
    { processes: { a: { command: ['/bin/true'], ready: { tcp: ':@{nixpack:env.A}' } }, b: { command: ['/bin/true'], ready: { tcp: ':@{nixpack:env.B}' } } } },
  ],
  ['sockets', { sockets: { a: { tcp: ':@{nixpack:env.A}' }, b: { tcp: ':@{nixpack:env.B}' } } }],
])('two %s with one address are refused before anything starts, both by name', async (_, parts) => {
  const env = { A: { type: 'port', default: 4711 }, B: { type: 'port', default: 4712 } }
  const { status, stderr } = await create({ env, processes: {}, ...parts }).run(['up'], { B: '4711' })
  expect(stderr).toMatch(/"a" and \w+ "b" want the same address, \S*:4711 {2}\[NIXPACK_ENV_INVALID\]/)
  expect(status).toBe(125)
})

test('a user that the host does not have is a clear error', async () => {
  const { status, stderr } = await create({ processes: { p: ending(['/bin/true'], { user: 'nobdy' }) } }).run(['up'])
  expect([status, stderr]).toEqual([
    125,
    expect.stringContaining('cannot run "p" as user "nobdy": there is no user "nobdy" in /etc/passwd, did you mean "nobody"?'),
  ])
})

const readsAtItsEnd = (words: readonly string[], files: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({
  files,
  processes: {
    p: {
      command: sh('echo "runs"; trap "exit 0" TERM; while :; do sleep 1000 & wait $!; done', ...words),
      hooks: { beforeStop: { command: sh('cat "$1/old.conf"', '@{nixpack:dir.run}'), ignoreFailure: false } },
    },
  },
})

test('a file that a reload drops is there until who was started with it has stopped', async () => {
  const { start, run, dir, runDir } = create(readsAtItsEnd(['@{nixpack:file.old.conf}'], { 'old.conf': { text: 'old words\n' } }))
  const up = start(['up'])
  await up.sees(/p ready/)
  const manifestPath = join(dir, 'entrypoint/share/nixpack/manifest.json')
  const next = { version: 1, name: 'demo', ...readsAtItsEnd(['@{nixpack:file.new.conf}'], { 'new.conf': { text: 'new words\n' } }) }
  writeFileSync(manifestPath, JSON.stringify(next))
  expect((await run(['reload'])).stdout).toContain('changed: p')
  await up.sees(/old words/)
  expect((await run(['reload'])).status).toBe(0)
  expect(existsSync(join(runDir, 'demo/default/run/old.conf'))).toBe(false)
  expect(existsSync(join(runDir, 'demo/default/run/new.conf'))).toBe(true)
})
