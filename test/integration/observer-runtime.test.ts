// Checks, watchdogs, limits and hooks as a bundle declares them, and what the supervisor makes of them.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { buildProgram } from '../helpers/c-program.ts'
import { waitUntil } from '../helpers/observed-run.ts'
import { createRuntime, isAlive } from '../helpers/start-runtime.ts'
import type { Running, Runtime } from '../helpers/start-runtime.ts'

const dir = mkdtempSync(join(tmpdir(), 'nixpack-observers-'))
let notifies = ''
beforeAll(() => {
  notifies = buildProgram(join(import.meta.dirname, '../programs/notifies.c'), dir)
})
afterAll(() => rmSync(dir, { recursive: true }))

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

type Declaration = Readonly<Record<string, unknown>>
const bash = (script: string, rest: Declaration = {}): Declaration => ({ command: ['/bin/bash', '-c', script], ...rest })
const node = (script: string, rest: Declaration = {}): Declaration => ({ command: [process.execPath, '-e', script], ...rest })

const start = (processes: Declaration, rest: Declaration = {}): { runtime: Runtime; up: Running } => {
  const runtime = createRuntime({ processes, ...rest })
  cleanups.push(runtime.dispose)
  return { runtime, up: runtime.start(['up']) }
}

const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

const LISTENS = (where: string): string => `require("net").createServer().listen(${where}, () => console.log("listens"))`

test('a process whose port somebody else has is not started: PORT_IN_USE names who', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const { up } = start({ web: bash('echo has run; sleep 1000', { ready: { tcp: `127.0.0.1:${port}` }, maxRetry: 0 }) })
  const { status, stdout, stderr } = await up.finished
  expect(status).toBe(125)
  expect(stderr).toMatch(new RegExp(`127.0.0.1:${port} is in use by pid ${process.pid} \\(.*\\[NIXPACK_PORT_IN_USE\\]`, 's'))
  expect(stdout).not.toContain('has run')
})

test('so is one that is asked elsewhere than at the sockets which are declared for it; those are not asked', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const declared = await freePort()
  const sockets = { http: { tcp: `127.0.0.1:${declared}` } }
  const { up } = start({ web: bash('echo has run; sleep 1000', { sockets: ['http'], ready: { tcp: `127.0.0.1:${port}` }, maxRetry: 0 }) }, { sockets })
  const { stdout, stderr } = await up.finished
  expect(stderr).toMatch(new RegExp(`127.0.0.1:${port} is in use by pid ${process.pid} \\(.*\\[NIXPACK_PORT_IN_USE\\]`, 's'))
  expect(stdout).not.toContain('has run')
  const ready = { tcp: `127.0.0.1:${declared}` }
  const { up: own } = start({ web: node('process.stdin.resume(); setInterval(() => {}, 1000)', { sockets: ['http'], ready }) }, { sockets })
  expect(await own.sees(/web ready after/)).toBeTruthy()
})

test('a port that becomes free is waited for', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const { up } = start({ web: node(LISTENS(`${port}, "127.0.0.1"`), { ready: { tcp: `127.0.0.1:${port}` } }) })
  await up.sees(/is in use by pid/)
  server.close()
  expect(await up.sees(/web ready after/)).toBeTruthy()
})

test('two processes on one port, and nothing in the manifest that says so: the second says who has it', async () => {
  const port = await freePort()
  const { up } = start({
    one: node(LISTENS(`${port}, "127.0.0.1"`), { ready: { tcp: `127.0.0.1:${port}` } }),
    two: node(LISTENS(`${port}, "127.0.0.1"`), { ready: { http: `http://127.0.0.1:${port}/` }, dependsOn: { one: 'ready' }, maxRetry: 0 }),
  })
  const { status, stderr } = await up.finished
  expect(stderr).toContain(`cannot start "two": 127.0.0.1:${port} is in use by pid `)
  expect(status).toBe(125)
})

test.each(['http', 'unix', 'exec', 'path', 'logLine'])('readiness by %s lets dependents start', async (kind) => {
  const port = await freePort()
  const path = join(dir, `ready-${kind}`)
  rmSync(path, { force: true })
  const servers: Record<string, Declaration> = {
    http: node(`require("http").createServer((q, a) => { a.statusCode = q.url === "/up" ? 204 : 500; a.end() }).listen(${port}, "127.0.0.1")`, {
      ready: { http: `http://127.0.0.1:${port}/up` },
    }),
    unix: node(LISTENS(`"${path}"`), { ready: { unix: path } }),
    exec: bash(`sleep 0.1; echo > ${path}; sleep 1000`, { ready: { exec: ['/bin/bash', '-c', `[ -e ${path} ] && [ "$NIXPACK_PROCESS" = server ]`] } }),
    path: bash(`sleep 0.1; echo > ${path}; sleep 1000`, { ready: { path } }),
    logLine: bash('sleep 0.1; echo "now serving"; sleep 1000', { ready: { logLine: '^now serv' } }),
  }
  const { up } = start({ server: servers[kind] ?? {}, client: bash('echo client runs; sleep 1000', { dependsOn: { server: 'ready' } }) })
  await up.sees(/client runs/)
  const [, afterMs] = await up.sees(/server ready after (\d+) ms/)
  expect(Number(afterMs)).toBeGreaterThan(kind === 'http' || kind === 'unix' ? 0 : 99)
})

test('startup comes before readiness, and both are needed', async () => {
  const path = join(dir, 'startup')
  const { up } = start({ server: bash(`sleep 0.1; touch ${path}; sleep 0.1; echo open; sleep 1000`, { startup: { path }, ready: { logLine: 'open' } }) })
  expect(await up.sees(/server ready after (\d{3})/)).toBeTruthy()
})

test('READY=1, STATUS= and a line on a descriptor arrive', async () => {
  const { up, runtime } = start({
    service: { command: [notifies, 'STATUS=warming up', '+100', 'READY=1\nSTATUS=serving 3 clients'], ready: { notify: true } },
    s6: bash('sleep 0.1; echo >&5; exec 5>&-; sleep 1000', { ready: { fd: 5 } }),
  })
  await up.sees(/service ready after/)
  await up.sees(/s6 ready after/)
  const { stdout } = await runtime.run(['status', '--json'])
  expect(stdout).toContain('serving 3 clients')
})

test('who never becomes ready is stopped, and the reason says why', async () => {
  const { up } = start({ service: { command: [notifies, 'STATUS=stuck'], ready: { notify: true, timeout: '200ms' }, restart: 'never' } })
  const { status, stderr } = await up.finished
  expect(status).toBe(125)
  expect(stderr).toMatch(/it did not become ready in time: it did not say READY=1/)
})

test('EXTEND_TIMEOUT_USEC gives more time to become ready', async () => {
  const messages = ['EXTEND_TIMEOUT_USEC=400000', '+250', 'EXTEND_TIMEOUT_USEC=400000', '+250', 'READY=1']
  const { up } = start({ service: { command: [notifies, ...messages], ready: { notify: true, timeout: '300ms' }, restart: 'never' } })
  expect(await up.sees(/service ready after 5\d\d ms/)).toBeTruthy()
})

test('a process that does not answer any more is restarted', async () => {
  const port = await freePort()
  const program = `const s = require("net").createServer().listen(${port}, "127.0.0.1"); if (!process.argv[1]) setTimeout(() => s.close(), 300); setInterval(() => {}, 1e6)`
  const { up } = start({
    server: {
      command: [
        '/bin/bash',
        '-c',
        `if mkdir ${dir}/first; then exec '${process.execPath}' -e '${program}'; else exec '${process.execPath}' -e '${program}' again; fi`,
      ],
      startup: { tcp: `127.0.0.1:${port}` },
      liveness: { tcp: `127.0.0.1:${port}`, interval: '50ms', failureThreshold: 2 },
    },
  })
  await up.sees(/server is being stopped: cannot connect to 127\.0\.0\.1:\d+: ECONNREFUSED \(2 times in a row\)/)
  expect(await up.sees(/ready after[^]*ready after/)).toBeTruthy()
})

test('a watchdog that hears nothing restarts; one that is fed does not', async () => {
  const { up } = start({
    fed: { command: [notifies, 'WATCHDOG=1', '+50', '@'], liveness: { watchdog: '500ms' } },
    silent: { command: [notifies, '?starts', 'WATCHDOG=1', '+100', 'WATCHDOG=1'], liveness: { watchdog: '300ms' } },
  })
  await up.sees(/silent is being stopped: it did not say WATCHDOG=1 for 300 ms/)
  await up.sees(/starts[^]*starts/)
  expect(up.text()).not.toContain('fed is being stopped')
})

test('WATCHDOG_USEC and WATCHDOG_PID are in the environment of the process', async () => {
  const { up } = start({ service: bash('echo "$WATCHDOG_USEC $((WATCHDOG_PID == $$)) ${NOTIFY_SOCKET:+set}"; sleep 1000', { liveness: { watchdog: '10s' } }) })
  expect(await up.sees(/10000000 1 set/)).toBeTruthy()
})

test('a liveness action may be a signal', async () => {
  const { up } = start({
    server: bash(`trap 'echo got usr1' USR1; while :; do sleep 0.05; done`, {
      liveness: { exec: ['/bin/false'], interval: '30ms', failureThreshold: 2, action: { signal: 'SIGUSR1' } },
    }),
  })
  expect(await up.sees(/got usr1[^]*got usr1/)).toBeTruthy()
})

test('too much memory restarts', async () => {
  const { up } = start({
    hungry: node(`console.log("starts"); let held = []; setTimeout(() => held.push(Buffer.alloc(300e6, 1)), 200); setInterval(() => {}, 1e6)`, {
      resources: { maxMemory: '200MiB', interval: '50ms', maxCount: 2 },
    }),
  })
  await up.sees(/hungry is being stopped: it takes \d{3}\.\d MiB of memory, more than 200\.0 MiB \(2 times in a row\)/)
  expect(await up.sees(/starts[^]*starts/)).toBeTruthy()
})

test('the limits are those of the main process that the run has named', async () => {
  const forks = `const { spawn } = require("child_process"); const daemon = spawn(process.execPath, ["-e", "const held = Buffer.alloc(300e6, 1); setInterval(() => held, 1e6)"], { detached: true, stdio: "ignore" });
    spawn("${notifies}", ["MAINPID=" + daemon.pid + "\\nREADY=1", "!"]).on("exit", () => process.exit())`
  const { up } = start({ daemon: node(forks, { ready: { notify: true }, resources: { maxMemory: '200MiB', interval: '50ms', maxCount: 2 } }) })
  expect(await up.sees(/daemon is being stopped: it takes \d{3}\.\d MiB of memory, more than 200\.0 MiB/)).toBeTruthy()
})

test('readiness that is lost shows in the state, and the process goes on', async () => {
  const path = join(dir, 'flag')
  writeFileSync(path, '')
  const { up } = start({
    server: bash('trap "" TERM; sleep 1000', {
      ready: { exec: ['/usr/bin/test', '-e', path], recheck: '30ms', failureThreshold: 2 },
      gracefulTimeout: '100ms',
    }),
  })
  await up.sees(/server ready after/)
  rmSync(path)
  await up.sees(/server is not ready any more: "\/usr\/bin\/test" exited with status 1/)
  writeFileSync(path, '')
  expect(await up.sees(/server is ready again/)).toBeTruthy()
})

test('hooks run in order, with the facts, and their words are in the log', async () => {
  const names = ['beforeStart', 'beforeSpawn', 'afterSpawn', 'afterStart', 'beforeStop', 'beforeSignal', 'afterSignal', 'beforeReap', 'afterReap', 'afterStop']
  const hooks = Object.fromEntries(
    names.map((name) => [
      name,
      { command: ['/bin/bash', '-c', 'echo "hook $NIXPACK_HOOK pid=${NIXPACK_PID:+yes} signal=$NIXPACK_SIGNAL exit=$NIXPACK_EXIT_CODE"'] },
    ]),
  )
  const { up } = start({ server: bash('echo runs; exec sleep 1000', { hooks }) })
  await up.sees(/hook afterStart/)
  up.child.kill('SIGTERM')
  const { status } = await up.finished
  expect(status).toBe(0)
  const said = [...up.text().matchAll(/hook (\w+) (.*)/g)].map(([, name, facts]) => `${name} ${facts}`)
  expect(said.filter((line) => !line.startsWith('afterSignal'))).toEqual([
    'beforeStart pid= signal= exit=',
    'beforeSpawn pid= signal= exit=',
    'afterSpawn pid=yes signal= exit=',
    'afterStart pid= signal= exit=',
    'beforeStop pid= signal= exit=',
    'beforeSignal pid=yes signal=SIGTERM exit=',
    'beforeReap pid=yes signal= exit=-15',
    'afterReap pid=yes signal= exit=-15',
    'afterStop pid= signal= exit=',
  ])
})

test.each(['beforeStart', 'beforeSpawn', 'afterSpawn', 'afterStart'])('a hook %s that fails means failure', async (name) => {
  const { up } = start({ server: bash('echo runs; exec sleep 1000', { hooks: { [name]: { command: ['/bin/false'] } } }) })
  const { status, stderr } = await up.finished
  expect(status).toBe(125)
  expect(stderr).toContain(`hook ${name} exited with status 1`)
})

test('a hook that hangs is killed when its time is over', async () => {
  const { up } = start({
    server: bash('echo runs; exec sleep 1000', { hooks: { beforeStart: { command: ['/bin/sleep', '1000'], timeout: '200ms', ignoreFailure: true } } }),
  })
  await up.sees(/hook beforeStart was killed: it took more than 200 ms/)
  expect(await up.sees(/runs/)).toBeTruthy()
})

test('down during a hook that hangs is not held up by it', async () => {
  const { up } = start({
    server: bash('echo runs; exec sleep 1000', { hooks: { beforeStart: { command: ['/bin/bash', '-c', 'echo hangs; sleep 1000'], timeout: '60s' } } }),
  })
  await up.sees(/hangs/)
  const startedMs = performance.now()
  up.child.kill('SIGTERM')
  await up.finished
  expect(performance.now() - startedMs).toBeLessThan(5000)
})

test('nothing that a process starts survives its stop, wherever it went', async () => {
  const escapes = `setsid bash -c 'trap "" TERM; echo stray $$; while :; do sleep 1000; done' &
    (setsid bash -c 'echo stray $$; exec sleep 1000' &)
    env -i setsid bash -c 'echo stray $$; exec sleep 1000' &
    bash -c 'trap "" TERM HUP INT; echo stray $$; kill -STOP $$; while :; do sleep 1000; done' &
    wait`
  const { up, runtime } = start({ server: bash(escapes, { gracefulTimeout: '300ms' }), other: bash('exec sleep 1000') })
  await waitUntil(() => up.text().match(/stray \d+/g)?.length === 4)
  const pids = [...up.text().matchAll(/stray (\d+)/g)].map(([, pid]) => Number(pid))
  expect(pids.every(isAlive)).toBe(true)
  const stopped = await runtime.run(['stop', 'server'])
  expect(stopped.status).toBe(0)
  expect(pids.filter(isAlive)).toEqual([])
})

test('what a crash leaves behind is gone before the next run', async () => {
  const path = join(dir, 'crashes')
  mkdirSync(path)
  const script = `cd ${path}; echo $$ >> runs; setsid sleep 1000 & echo $! >> left; (setsid sleep 1000 & echo $! >> left); [ $(wc -l < runs) -lt 3 ] && kill -KILL $$; echo third; wait`
  const { up } = start({ server: bash(script, { restartDelay: '1ms' }) })
  await up.sees(/third/)
  const left = readFileSync(join(path, 'left'), 'utf8').trim().split('\n').map(Number)
  expect(left).toHaveLength(6)
  expect(left.slice(0, 4).filter(isAlive)).toEqual([])
})

test('the outer service manager hears when everything is ready, and when it ends', async () => {
  const heard = join(dir, 'heard')
  const { runtime } = start({ idle: bash('exec sleep 1000') })
  const socketPath = join(dir, 'outer.sock')
  // The only datagram socket of a path that a test can have is that of a process of ours.
  const listener = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("${socketPath}")
print("listens", flush=True)
while True:
    open("${heard}", "ab").write(s.recv(65536) + b"\\n---\\n")`
  const outer = createRuntime({
    processes: { listener: { command: ['/usr/bin/env', 'python3', '-c', listener], environment: { PATH: process.env['PATH'] ?? '' } } },
  })
  cleanups.push(outer.dispose)
  await outer.start(['up'], { NIXPACK_INSTANCE: 'outer' }).sees(/listens/)
  const up = runtime.start(['up', '--instance', 'inner'], { NOTIFY_SOCKET: socketPath, WATCHDOG_USEC: '200000' })
  await up.sees(/idle ready after/)
  const text = (): string => readFileSync(heard, 'utf8')
  await waitUntil(() => text().includes('READY=1\nSTATUS=1 of 1 processes are ready') && (text().match(/WATCHDOG=1/g)?.length ?? 0) > 2)
  up.child.kill('SIGHUP')
  await waitUntil(() => /RELOADING=1\nMONOTONIC_USEC=\d+[^]*READY=1/.test(text()))
  up.child.kill('SIGTERM')
  await up.finished
  expect(text()).toContain('STOPPING=1')
})
