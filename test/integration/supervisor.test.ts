import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { createRuntime, isAlive } from '../helpers/start-runtime.ts'
import type { Runtime } from '../helpers/start-runtime.ts'

const PROGRAMS = join(import.meta.dirname, '../programs')
const sh = (script: string): readonly string[] => ['/bin/sh', '-c', script]
const FOREVER = 'while :; do sleep 1000 & wait $!; done'

let runtime: Runtime | undefined
afterEach(async () => {
  await runtime?.dispose()
  runtime = undefined
})
const create = (manifest: Readonly<Record<string, unknown>>): Runtime => (runtime = createRuntime(manifest))

test('processes start when their dependencies are ready and stop before them; nothing stays behind', async () => {
  const { start, runDir } = create({
    processes: {
      late: { command: sh(`trap 'echo bye late; exit 0' TERM; echo late runs; ${FOREVER}`), dependsOn: { early: 'ready' } },
      early: { command: sh(`trap 'echo bye early; exit 0' TERM; echo not yet; echo now; ${FOREVER}`), ready: { logLine: '^now$' } },
    },
  })
  const up = start()
  await up.sees(/late runs/)
  up.child.kill('SIGTERM')
  const { status, stdout, stderr } = await up.finished
  expect(status).toBe(0)
  // Some shells tell that their `sleep` was terminated with them.
  expect(stdout.split('\n').filter((line) => !line.includes('Terminated'))).toEqual([
    'early | not yet',
    'early | now',
    'late  | late runs',
    'late  | bye late',
    'early | bye early',
    '',
  ])
  expect(stderr).toMatch(/stopping: got SIGTERM/)
  expect(readdirSync(runDir)).toEqual([])
})

test.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)('%s ends everything with status 0', async (signal) => {
  const up = create({ processes: { a: { command: sh(`echo up; ${FOREVER}`) } } }).start()
  await up.sees(/up/)
  up.child.kill(signal)
  expect((await up.finished).status).toBe(0)
})

test('a process that ignores SIGTERM is killed when its grace time is over', async () => {
  const up = create({ processes: { a: { command: [`${PROGRAMS}/ignores-term.sh`], gracefulTimeout: '200ms' } } }).start()
  const pid = Number((await up.sees(/pid (\d+)/))[1])
  up.child.kill('SIGTERM')
  expect(await up.finished).toMatchObject({ status: 0, stderr: expect.stringContaining('a did not stop within 0.2 s, killing it') })
  expect(isAlive(pid)).toBe(false)
})

test('asked a second time, everything is killed at once', async () => {
  const up = create({ processes: { a: { command: [`${PROGRAMS}/ignores-term.sh`], gracefulTimeout: '10m' } } }).start()
  const pid = Number((await up.sees(/pid (\d+)/))[1])
  up.child.kill('SIGINT')
  await up.sees(/ignored/)
  const again = setInterval(() => up.child.kill('SIGINT'), 100)
  expect((await up.finished).status).toBe(0)
  clearInterval(again)
  expect(isAlive(pid)).toBe(false)
})

test('the rest of a session is ended with its leader, on a stop and after a crash', async () => {
  const up = create({ processes: { a: { command: [`${PROGRAMS}/leaves-child.sh`], gracefulTimeout: '300ms' } } }).start()
  const first = Number((await up.sees(/grandchild (\d+)/))[1])
  const leader = Number((await up.sees(/ready after .*pid (\d+)/))[1])
  process.kill(leader, 'SIGKILL')
  const second = Number((await up.sees(new RegExp(`grandchild (?!${first})(\\d+)`)))[1])
  expect(isAlive(first)).toBe(false)
  up.child.kill('SIGTERM')
  expect((await up.finished).status).toBe(0)
  expect(isAlive(second)).toBe(false)
})

test('a process that is stopped (SIGSTOP) still ends on request', async () => {
  const up = create({ processes: { a: { command: sh(`echo up; ${FOREVER}`) } } }).start()
  const pid = Number((await up.sees(/ready after .*pid (\d+)/))[1])
  await up.sees(/up/)
  process.kill(pid, 'SIGSTOP')
  up.child.kill('SIGTERM')
  expect((await up.finished).status).toBe(0)
})

test('a process that crashes again and again is given up, with the reason', async () => {
  const { run } = create({ processes: { a: { command: sh('exit 3'), restartDelay: '1ms', restartBurst: 2 } } })
  const { status, stderr } = await run([])
  expect(status).toBe(125)
  expect(stderr).toContain('cannot keep "a" running: it ended 3 times within 60 s; it exited with status 3  [NIXPACK_PROCESS_GAVE_UP]')
})

test('a process that does not become ready is given up', async () => {
  const { run } = create({
    processes: { a: { command: sh(FOREVER), ready: { unix: '@{nixpack:dir.run}/none', timeout: '50ms' }, restart: 'never' } },
  })
  const { status, stderr } = await run([])
  expect(status).toBe(125)
  expect(stderr).toContain('[NIXPACK_PROCESS_NOT_READY]')
})

test.each([
  [sh('exit 3'), 3],
  [sh('kill -9 $$'), 137],
  [sh('exit 0'), 0],
  [['/none'], 127],
  [['none-in-path'], 127],
  [['/etc/passwd'], 126],
])('an essential %j ends the bundle with status %i', async (command, expected) => {
  const { run } = create({ processes: { a: { command, restart: 'never' }, b: { command: sh(FOREVER) } } })
  expect((await run([])).status).toBe(expected)
})

test('the failures of executing a program have codes of their own', async () => {
  const { run } = create({ processes: { a: { command: ['/none'] } } })
  expect((await run([])).stderr).toMatch(/cannot keep "a" running: cannot run "\/none": .*\[NIXPACK_PROCESS_NOT_FOUND\]/)
})

test('a script without an interpreter line is not executable', async () => {
  const { run, dir } = create({ processes: { a: { command: ['./plain'], workingDirectory: '.' } } })
  writeFileSync(join(dir, 'plain'), 'echo no\n', { mode: 0o755 })
  expect(await run([])).toMatchObject({ status: 126, stderr: expect.stringContaining('[NIXPACK_PROCESS_NOT_EXECUTABLE]') })
})

test('tasks run first, once, and their success does not end the bundle', async () => {
  const up = create({
    processes: {
      migrate: { command: sh('echo migrated') },
      app: { command: sh(`echo app; ${FOREVER}`), dependsOn: { migrate: 'completed_successfully' } },
    },
  }).start()
  await up.sees(/app {5}\| app/)
  expect(up.text()).toMatch(/migrate \| migrated[^]*app/)
  up.child.kill('SIGTERM')
  expect((await up.finished).status).toBe(0)
})

test('a task that fails ends the bundle with its status, and its dependents never start', async () => {
  const { run } = create({
    processes: {
      migrate: { command: sh('exit 9'), restart: 'never' },
      app: { command: sh('echo app'), dependsOn: { migrate: 'completed_successfully' } },
    },
  })
  expect(await run([])).toMatchObject({ status: 9, stdout: '' })
})

test('commands and sockets can tell readiness', async () => {
  const listen = 'require("node:net").createServer().listen(process.env.SOCKET)'
  const up = create({
    processes: {
      a: { command: [process.execPath, '-e', listen], environment: { SOCKET: '@{nixpack:dir.run}/s' }, ready: { unix: '@{nixpack:dir.run}/s' } },
      b: {
        command: sh(`touch $FILE; ${FOREVER}`),
        environment: { FILE: '@{nixpack:dir.tmp}/f' },
        ready: { exec: sh('test -e "$FILE"') },
        dependsOn: { a: 'ready' },
      },
      c: { command: sh(`echo all; ${FOREVER}`), dependsOn: { b: 'ready' } },
    },
  }).start()
  expect((await up.sees(/c \| all/)).index).toBe(0)
})

test.each(['127.0.0.1', '::1'])('localhost is reached at %s where no name can be looked up', async (host) => {
  const listen = `const server = require("node:net").createServer().listen(Number(process.env.PORT), "${host}")`
  // As on a host without /etc/hosts: nobody knows this name, and it means the same as localhost (RFC 6761).
  const tcp = `nobody-knows.localhost:@{nixpack:env.PORT}`
  const up = create({
    env: { PORT: { type: 'port', default: 'auto' } },
    processes: {
      a: { command: [process.execPath, '-e', listen], environment: { PORT: '@{nixpack:env.PORT}' }, ready: { tcp, timeout: '20s' }, restart: 'never' },
    },
  }).start([], { NIXPACK_STATE_DIR: join(runtime?.dir ?? '', 'state') })
  expect((await up.sees(/a ready after|a did not|a failed/))[0]).toBe('a ready after')
})

test('an address that somebody else has already is told with its owner, and nothing is started', async () => {
  await using server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const tcp = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const { run } = create({ processes: { a: { command: sh('echo started'), ready: { tcp }, restart: 'never' } } })
  const { status, stdout, stderr } = await run([])
  expect({ status, stdout }).toEqual({ status: 125, stdout: '' })
  expect(stderr).toMatch(new RegExp(`${tcp} is in use by pid ${process.pid} .*NIXPACK_PORT_IN_USE`))
})

test('the environment of a process is clean, its stdin is empty, and it can open /dev/stdout and /dev/stderr again', async () => {
  const { run } = create({
    processes: { a: { command: sh('env | sort; cat; echo out > /dev/stdout; echo err > /dev/stderr'), environment: { OWN: 'x y' } } },
  })
  const { status, stdout } = await run([], { SECRET: 'no', NODE_ENV: 'no', HOME: '/h', LC_ALL: 'C' })
  expect(status).toBe(0)
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.slice('a | '.length))
  const ours = ['INVOCATION_ID=<32>', 'NIXPACK_INDEX=1', 'NIXPACK_PROCESS=a']
  expect(
    lines
      .filter((line) => !line.startsWith('PWD='))
      .map((line) => line.replace(/(?<=^INVOCATION_ID=)[0-9a-f]{32}$/, '<32>'))
      .toSorted(),
  ).toEqual(['HOME=/h', 'LC_ALL=C', 'OWN=x y', 'PATH=/usr/bin:/bin', 'err', 'out', ...ours].toSorted())
})

test('the supervisor killed: its processes end, and the next start removes what is left', async () => {
  const { start, runDir } = create({
    files: { f: { text: 'x' } },
    processes: { a: { command: sh('cat "$F"; exec sleep 1000'), environment: { F: '@{nixpack:file.f}' } } },
  })
  const first = start()
  await first.sees(/a \| x/)
  first.child.kill('SIGKILL')
  await first.finished
  writeFileSync(join(runDir, 'demo/default/run/leftover'), '')
  const second = start()
  await second.sees(/a \| x/)
  expect(existsSync(join(runDir, 'demo/default/run/leftover'))).toBe(false)
  second.child.kill('SIGTERM')
  expect((await second.finished).status).toBe(0)
})

test('SIGHUP reads the environment file again and restarts only what changed', async () => {
  const { start, dir } = create({
    env: { GREETING: { type: 'string', default: 'none' } },
    processes: {
      same: { command: sh(`echo same $$; ${FOREVER}`) },
      other: { command: sh(`echo "$GREETING"; ${FOREVER}`), environment: { GREETING: '@{nixpack:env.GREETING}' } },
    },
  })
  writeFileSync(join(dir, 'app.env'), 'GREETING=hello\n')
  const up = start(['up', '--env-file', 'app.env'])
  await up.sees(/other \| hello/)
  await up.sees(/same {2}\| same \d+/)
  writeFileSync(join(dir, 'app.env'), 'GREETING=goodbye\n')
  up.child.kill('SIGHUP')
  await up.sees(/configuration read again: changed other/)
  await up.sees(/other \| goodbye/)
  writeFileSync(join(dir, 'app.env'), 'GREETING\n')
  up.child.kill('SIGHUP')
  await up.sees(/warning: nothing is changed: cannot read environment file/)
  expect(up.text().match(/same \d+/g)).toHaveLength(1)
})

test('two instances cannot use one state directory at the same time', async () => {
  const { start, run, dir } = create({ processes: { a: { command: sh(`echo "$DIR"; ${FOREVER}`), environment: { DIR: '@{nixpack:dir.state}' } } } })
  const environment = { NIXPACK_STATE_DIR: join(dir, 'state') }
  const up = start([], environment)
  await up.sees(/a \| .*state/)
  const { status, stderr } = await run(['--instance', 'other'], environment)
  expect(status).toBe(125)
  expect(stderr).toContain(`another instance is using it (pid ${up.child.pid})  [NIXPACK_STATE_LOCKED]`)
})

test('without its spawner nothing goes on: everything ends, and the reason is told', async () => {
  const up = create({ processes: { a: { command: ['sleep', '1000'] } } }).start()
  const pid = Number((await up.sees(/ready after .*pid (\d+)/))[1])
  const spawner = readdirSync('/proc').find((entry) => /^\d+$/.test(entry) && readParent(entry) === up.child.pid)
  process.kill(Number(spawner), 'SIGKILL')
  const { status, stderr } = await up.finished
  expect(status).toBe(125)
  expect(stderr).toContain('[NIXPACK_SPAWNER_LOST]')
  expect(isAlive(pid)).toBe(false)
})

/** Undefined for a process that has ended meanwhile. */
const readParent = (pid: string): number | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    // ENOENT, ESRCH
    return undefined
  }
}
