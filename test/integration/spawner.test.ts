// The client of the spawner with the real one: children, sockets, notifications, locks, and its death.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { RunSpec, SocketSpec } from '../../runtime/contract/process-spec.ts'
import { readChildren, readStat } from '../../runtime/supervisor/process-tree.ts'
import type { NotifyMessage } from '../../runtime/supervisor/spawner-notify.ts'
import { createSpawner } from '../../runtime/supervisor/spawner.ts'
import type { Child, ChildUsage, PipeFds, Spawner, SpawnRequest } from '../../runtime/supervisor/spawner.ts'
import type { ChildExit } from '../../runtime/supervisor/state.ts'
import { buildShim } from '../helpers/build-shim.ts'
import { waitUntil } from '../helpers/observed-run.ts'
import { isAlive } from '../helpers/start-runtime.ts'

const dir = mkdtempSync(join(tmpdir(), 'nixpack-spawner-'))
const peer = join(dir, 'peer')
let shimPath: string
const warnings: string[] = []
const spawners: Spawner[] = []

beforeAll(() => {
  shimPath = join(buildShim(dir), 'bin/shim')
  execFileSync('musl-gcc', ['-static', '-O1', '-D_GNU_SOURCE', '-o', peer, join(import.meta.dirname, '../launcher/spawner-peer.c')])
})
afterEach(async () => {
  for (const spawner of spawners.splice(0)) spawner.close()
  await waitUntil(() => spawnerPid() === 0)
  warnings.length = 0
})
afterAll(() => rmSync(dir, { recursive: true }))

const start = (environment: Readonly<Record<string, string>> = {}): Spawner => {
  const spawner = createSpawner({ shimPath, environment, warn: (message) => void warnings.push(message) })
  spawners.push(spawner)
  return spawner
}

const spawnerPid = (): number => readChildren(process.pid).find(({ pid }) => readStat(pid)?.name === 'nixpack-spawner')?.pid ?? 0

const planRun = (command: readonly string[], overrides: Partial<RunSpec> = {}): RunSpec => ({
  command,
  program: undefined,
  environment: { PATH: process.env['PATH'] ?? '' },
  workingDir: dir,
  identity: undefined,
  umask: undefined,
  nice: undefined,
  oomScoreAdj: undefined,
  rlimits: [],
  ...overrides,
})

const planRequest = (command: readonly string[], overrides: Partial<SpawnRequest> = {}): SpawnRequest => ({
  run: planRun(command),
  stdin: 'null',
  stdout: 'null',
  stderr: 'null',
  fifosDir: join(dir, 'fifos'),
  sockets: [],
  notifySocketPath: undefined,
  readyFd: undefined,
  ...overrides,
})

const planSocket = (address: SocketSpec['address'], overrides: Partial<SocketSpec> = {}): SocketSpec => ({
  name: 'web',
  address,
  mode: undefined,
  umask: undefined,
  backlog: 16,
  reusePort: false,
  replace: false,
  interface: undefined,
  ...overrides,
})

type Watched = {
  readonly child: Child
  /** Names of what was told, in order. */
  readonly told: string[]
  readonly messages: NotifyMessage[]
  readonly spawned: Promise<number>
  readonly exited: Promise<readonly [ChildExit, ChildUsage]>
  /** Until the pipes end. */
  readonly output: () => Promise<string>
}

const watch = (spawner: Spawner, request: SpawnRequest): Watched => {
  const told: string[] = []
  const messages: NotifyMessage[] = []
  const spawned = Promise.withResolvers<number>()
  const exited = Promise.withResolvers<readonly [ChildExit, ChildUsage]>()
  let pipes: PipeFds = {}
  const child = spawner.spawn(request, {
    piped(given) {
      told.push('piped')
      pipes = given
    },
    spawned(pid) {
      told.push('spawned')
      spawned.resolve(pid)
    },
    notified(message) {
      told.push('notified')
      messages.push(message)
    },
    readyFd: () => void told.push('readyFd'),
    exited(exit, usage) {
      told.push('exited')
      exited.resolve([exit, usage])
    },
  })
  const output = async (): Promise<string> => {
    const fds = [pipes.out, pipes.err].filter((fd) => fd !== undefined)
    return (await Promise.all(fds.map((fd) => text(new Socket({ fd, readable: true, writable: false }))))).join('')
  }
  return { child, told, messages, spawned: spawned.promise, exited: exited.promise, output }
}

test('a child is told of in order; its last words are there after its end', async () => {
  const run = watch(start(), planRequest(['/bin/sh', '-c', 'echo out; echo err >&2; exit 7'], { stdout: 'pipe', stderr: 'pipe' }))
  expect(run.child.pid).toBeUndefined()
  const [exit, usage] = await run.exited
  expect(exit).toEqual({ kind: 'code', code: 7 })
  expect(usage.maxRssBytes).toBeGreaterThan(100_000)
  expect(run.told).toEqual(['piped', 'spawned', 'exited'])
  expect(run.child.pid).toBe(await run.spawned)
  expect(await run.output()).toBe('out\nerr\n')
  expect(readdirSync(join(dir, 'fifos'))).toEqual([])
})

test('output that nobody asked for has no pipe', async () => {
  const run = watch(start(), planRequest(['/bin/sh', '-c', 'echo out; echo err >&2'], { stdout: 'null', stderr: 'pipe' }))
  await run.exited
  expect(await run.output()).toBe('err\n')
})

test.each([
  ['SIGTERM', 'leader'],
  ['SIGKILL', 'group'],
  ['SIGINT', 'session'],
] as const)('%s to the %s', async (signal, scope) => {
  const run = watch(start(), planRequest(['sleep', '60']))
  await run.spawned
  run.child.signal(scope, signal)
  expect((await run.exited)[0]).toEqual({ kind: 'signal', signal })
})

test.each([
  ['a missing program', planRun(['no-such-program']), 127, 'cannot run "no-such-program": No such file or directory'],
  ['a file that is none', planRun(['/etc/passwd']), 126, 'cannot run "/etc/passwd": Permission denied'],
  [
    'a missing directory',
    planRun(['/bin/true'], { workingDir: '/no/such' }),
    125,
    'cannot enter the working directory "/no/such" of "/bin/true": No such file or directory',
  ],
  [
    'a limit that cannot be',
    planRun(['/bin/true'], { rlimits: ['nofile=9:8'] }),
    125,
    'cannot set the resource limit "nofile" of "/bin/true": Invalid argument',
  ],
  ['a limit of no known name', planRun(['/bin/true'], { rlimits: ['x=9'] }), 125, 'cannot use "rlimit=x=9" for "/bin/true": Invalid argument'],
  ['a word with NUL', planRun(['/bin/true', 'a\0b']), 125, 'cannot run "/bin/true": its arg holds a NUL'],
  ['more words than can be', planRun(['/bin/true', 'x'.repeat(2 ** 23)]), 125, 'cannot run "/bin/true": argument list too long'],
] as const)('%s is a failed spawn, and nothing else is told', async (...[, run, status, message]) => {
  const failed = watch(start(), planRequest([], { run, stdout: 'pipe' }))
  expect(failed.told).toEqual([])
  expect((await failed.exited)[0]).toEqual({ kind: 'spawnFailed', status, message })
  expect(failed.told.filter((what) => what !== 'piped')).toEqual(['exited'])
})

test('FIFOs that cannot be made are a failed spawn', async () => {
  writeFileSync(join(dir, 'file'), '')
  const [exit] = await watch(start(), planRequest(['/bin/true'], { stdout: 'pipe', fifosDir: join(dir, 'file') })).exited
  expect(exit).toMatchObject({ kind: 'spawnFailed', status: 125 })
})

test('a thousand children at once, and no descriptor is left', async () => {
  const spawner = start()
  await watch(spawner, planRequest(['/bin/true'])).exited
  const pid = spawnerPid()
  const before = [readdirSync('/proc/self/fd').length, readdirSync(`/proc/${pid}/fd`).length]
  for (let round = 0; round < 10; round += 1) {
    await Promise.all(
      Array.from({ length: 100 }, async () => {
        const run = watch(spawner, planRequest(['/bin/echo', 'x'], { stdout: 'pipe', stderr: 'pipe', readyFd: 9 }))
        expect((await run.exited)[0]).toEqual({ kind: 'code', code: 0 })
        expect(await run.output()).toBe('x\n')
      }),
    )
  }
  expect([readdirSync('/proc/self/fd').length, readdirSync(`/proc/${pid}/fd`).length]).toEqual(before)
  expect(readChildren(pid)).toEqual([])
})

test('a notification and a line on the descriptor are told before the end', async () => {
  const script = `${peer} notify "READY=1\nSTATUS=up" && echo >&5`
  const run = watch(start(), planRequest(['/bin/sh', '-c', script], { notifySocketPath: join(dir, 'n'), readyFd: 5 }))
  await run.exited
  expect(run.told.toSorted()).toEqual(['exited', 'notified', 'readyFd', 'spawned'])
  expect(run.told.at(-1)).toBe('exited')
  expect(run.messages).toMatchObject([{ ready: true, status: 'up' }])
})

test('another main process is heard after the child has ended, until it is released', async () => {
  const script = `
    (while [ ! -e ${dir}/go ]; do :; done; ${peer} notify WATCHDOG=1; while [ ! -e ${dir}/again ]; do :; done; ${peer} notify WATCHDOG=1; echo $? >${dir}/status) &
    ${peer} notify "READY=1\nMAINPID=$!"`
  const run = watch(start(), planRequest(['/bin/sh', '-c', script], { notifySocketPath: join(dir, 'm') }))
  await run.exited
  writeFileSync(join(dir, 'go'), '')
  await waitUntil(() => run.messages.length === 2)
  run.child.release()
  await waitUntil(() => !existsSync(join(dir, 'm')))
  writeFileSync(join(dir, 'again'), '')
  await waitUntil(() => existsSync(join(dir, 'status')) && readFileSync(join(dir, 'status'), 'utf8') === '1\n')
  expect(run.told).toEqual(['spawned', 'notified', 'exited', 'notified'])
})

test('what is dropped is told to whoever wants to know', async () => {
  await watch(start(), planRequest([peer, 'notify-size', '5000'], { notifySocketPath: join(dir, 'n') })).exited
  expect(warnings).toEqual([`"${peer}": a notification of more than 4096 bytes is dropped`])
})

test('sockets: a free port is told, a name is resolved, connections wait for the next child', async () => {
  const spawner = start()
  const address = await spawner.listen(planSocket({ kind: 'tcp', host: 'localhost', port: 0 }))
  if (!('port' in address)) throw new Error('no port')
  expect(['127.0.0.1', '::1']).toContain(address.host)
  expect(address.port).toBeGreaterThan(0)
  const ask = (): Promise<string> => text(connect(address.port, address.host))
  const first = watch(spawner, planRequest([peer, 'accept', '3', '1', 'first'], { sockets: ['web'] }))
  expect(await ask()).toBe('first\n')
  await first.exited
  const waiting = Promise.all([ask(), ask()])
  watch(spawner, planRequest([peer, 'accept', '3', '2', 'second'], { sockets: ['web'] }))
  expect(await waiting).toEqual(['second\n', 'second\n'])
})

test('no connection is refused during restarts', async () => {
  const spawner = start()
  const address = await spawner.listen(planSocket({ kind: 'tcp', host: '127.0.0.1', port: 0 }, { backlog: 500 }))
  if (!('port' in address)) throw new Error('no port')
  const over = new AbortController()
  const serve = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const run = watch(spawner, planRequest([peer, 'accept', '3', '1000000', 'x'], { sockets: ['web'] }))
      await run.spawned
      await new Promise((resolve) => setTimeout(resolve, 5))
      // Between two answers it is not in the middle of one.
      run.child.signal('leader', 'SIGKILL')
      await run.exited
    }
  }
  const serving = serve()
  let refused = 0
  for (let round = 0; round < 20; round += 1) {
    const answers = await Promise.allSettled(Array.from({ length: 50 }, () => text(connect(address.port, address.host))))
    refused += answers.filter((answer) => answer.status === 'rejected' && /REFUSED/.test(String(answer.reason))).length
  }
  over.abort()
  await serving
  expect(refused).toBe(0)
})

test('a socket without a host is open on every address', async () => {
  const address = await start().listen(planSocket({ kind: 'tcp', host: '', port: 0 }))
  if (!('port' in address)) throw new Error('no port')
  const socket = connect(address.port, '127.0.0.1')
  await expect(once(socket, 'connect')).resolves.toEqual([])
  socket.destroy()
})

test('demand is told once; a cancelled one never', async () => {
  const spawner = start()
  const path = join(dir, 'demand')
  await spawner.listen(planSocket({ kind: 'unix', path }))
  let count = 0
  spawner.watch('web', () => (count += 1)).cancel()
  await new Promise<void>((resolve) => {
    spawner.watch('web', () => {
      count += 10
      resolve()
    })
    connect(path).on('error', () => undefined)
  })
  connect(path).on('error', () => undefined)
  await watch(spawner, planRequest(['/bin/true'])).exited
  expect(count).toBe(10)
})

test('unlisten removes the path, and the name can be used again', async () => {
  const spawner = start()
  const path = join(dir, 'gone')
  expect(await spawner.listen(planSocket({ kind: 'unix', path }))).toEqual({ path })
  expect(existsSync(path)).toBe(true)
  spawner.unlisten('web')
  await spawner.listen(planSocket({ kind: 'unix', path }))
  expect(existsSync(path)).toBe(true)
})

test('PORT_IN_USE names the owner', async () => {
  const spawner = start()
  const address = await spawner.listen(planSocket({ kind: 'tcp', host: '127.0.0.1', port: 0 }, { name: 'first' }))
  if (!('port' in address)) throw new Error('no port')
  await expect(spawner.listen(planSocket({ kind: 'tcp', host: '127.0.0.1', port: address.port }))).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    message: `cannot listen on "127.0.0.1:${address.port}" for socket "web": in use by process ${spawnerPid()} (nixpack-spawner)`,
  })
})

test('PORT_IN_USE: how to find an owner that cannot be seen', async () => {
  const spawner = start()
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  // Of a connection: in no table of listeners.
  const client = connect(address.port, '127.0.0.1')
  await once(client, 'connect')
  const port = client.localPort ?? 0
  await expect(spawner.listen(planSocket({ kind: 'tcp', host: '127.0.0.1', port }))).rejects.toMatchObject({
    message: `cannot listen on "127.0.0.1:${port}" for socket "web": in use, and it cannot be seen from here by whom`,
    hint: 'find it as root with "ss -tanp", end that process, or choose another port',
  })
  client.destroy()
  server.close()
})

test.each([
  [{ kind: 'tcp', host: 'no-such-host.invalid', port: 1 }, /^cannot resolve the host "no-such-host\.invalid" of socket "web": /],
  [{ kind: 'tcp', host: '192.0.2.1', port: 1 }, /^cannot listen on "192\.0\.2\.1:1" for socket "web": Address not available$/],
  [{ kind: 'unix', path: '/no/such/socket' }, /^cannot listen on "\/no\/such\/socket" for socket "web": No such file or directory$/],
  [{ kind: 'unix', path: '/etc/passwd' }, /^cannot listen on "\/etc\/passwd" for socket "web": Address in use$/],
] as const)('SOCKET_UNAVAILABLE: %j', async (address, message) => {
  await expect(start().listen(planSocket(address))).rejects.toMatchObject({ code: 'SOCKET_UNAVAILABLE', message: expect.stringMatching(message) })
})

test('a lock has one holder, who is named', async () => {
  const path = join(dir, 'lock')
  const [first, second] = [start(), start()]
  expect(await first.lock(path)).toEqual({ held: true })
  expect(await second.lock(path)).toEqual({ held: false, pid: process.pid })
  first.close()
  await expect.poll(() => second.lock(path)).toEqual({ held: true })
  await expect(second.lock('/no/such/lock')).rejects.toMatchObject({ code: 'CONFIG_UNWRITABLE' })
})

test('the service manager above is told', async () => {
  const outer = start()
  const manager = watch(outer, planRequest(['sleep', '60'], { notifySocketPath: join(dir, 'o') }))
  await manager.spawned
  start({ NOTIFY_SOCKET: join(dir, 'o') }).tell(['READY=1', 'STATUS=all is well'])
  await waitUntil(() => manager.messages.length === 1)
  expect(manager.messages).toMatchObject([{ ready: true, status: 'all is well' }])
})

test('SPAWNER_LOST: its death ends its children, and everybody who waits is told', async () => {
  const spawner = start()
  const run = watch(spawner, planRequest(['sleep', '60']))
  const pid = await run.spawned
  const address = spawner.listen(planSocket({ kind: 'tcp', host: '127.0.0.1', port: 0 }))
  await address
  process.kill(spawnerPid(), 'SIGSTOP')
  const late = spawner.listen(planSocket({ kind: 'tcp', host: '127.0.0.1', port: 0 }, { name: 'late' }))
  const never = watch(spawner, planRequest(['sleep', '60']))
  process.kill(spawnerPid(), 'SIGKILL')
  await expect(late).rejects.toMatchObject({ code: 'SPAWNER_LOST' })
  expect((await run.exited)[0]).toEqual({ kind: 'signal', signal: 'SIGTERM' })
  expect((await never.exited)[0]).toMatchObject({ kind: 'spawnFailed', status: 125 })
  expect(await spawner.lost).toBe('it was killed by SIGKILL')
  await waitUntil(() => !isAlive(pid))
  expect((await watch(spawner, planRequest(['/bin/true'])).exited)[0]).toMatchObject({ kind: 'spawnFailed', status: 125 })
  await expect(spawner.lock(join(dir, 'x'))).rejects.toMatchObject({ code: 'SPAWNER_LOST' })
})

test('whoever starts again at once does not keep the loss from being told', async () => {
  const spawner = start()
  let ends = 0
  const startAgain = (): void => {
    spawner.spawn(planRequest(['sleep', '60']), {
      exited() {
        ends += 1
        if (ends < 10_000) startAgain()
      },
    })
  }
  startAgain()
  await watch(spawner, planRequest(['/bin/true'])).exited
  process.kill(spawnerPid(), 'SIGKILL')
  await spawner.lost
  expect(ends).toBe(1)
})

test('a spawner that cannot be run is lost', async () => {
  const spawner = createSpawner({ shimPath: join(dir, 'no-such-shim'), environment: {} })
  expect(await spawner.lost).toContain('it cannot be run: ')
})

test('an orderly end is no loss, and takes the children along', async () => {
  const spawner = start()
  const path = join(dir, 'end')
  await spawner.listen(planSocket({ kind: 'unix', path }))
  const pid = await watch(spawner, planRequest(['sleep', '60'])).spawned
  spawner.close()
  await waitUntil(() => !isAlive(pid) && !existsSync(path))
  expect(await Promise.race([spawner.lost, Promise.resolve('not lost')])).toBe('not lost')
})
