// Readiness, asked of real listeners and files.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { ListenOptions, Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { afterAll, afterEach, expect, test } from 'vitest'
import type { ReadyCheck, StartupSpec } from '../../runtime/contract/process-spec.ts'
import { createProbe } from '../../runtime/supervisor/probe.ts'
import type { Probe, ProbeOutcome } from '../../runtime/supervisor/probe.ts'
import { createContext } from '../helpers/check-context.ts'
import type { TestContext } from '../helpers/check-context.ts'
import { startRun, waitUntil } from '../helpers/observed-run.ts'

const dir = mkdtempSync(join(tmpdir(), 'nixpack-probe-'))
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})
afterAll(() => rmSync(dir, { recursive: true }))

type Started = { readonly probe: Probe; readonly outcome: Promise<ProbeOutcome>; readonly outcomes: readonly ProbeOutcome[] }

const start = (check: ReadyCheck, context: TestContext = createContext(), times: Partial<StartupSpec> = {}): Started => {
  const first = Promise.withResolvers<ProbeOutcome>()
  const outcomes: ProbeOutcome[] = []
  const probe = createProbe({ context, spec: { check, intervalMs: 20, timeoutMs: 10_000, ...times } }, (outcome) => {
    outcomes.push(outcome)
    first.resolve(outcome)
  })
  cleanups.push(() => probe.cancel())
  return { probe, outcome: first.promise, outcomes }
}

type Converse = (socket: Socket) => void

/** Resolves with the port. */
const listen = (where: ListenOptions, converse: Converse = () => undefined, server: Server = createServer()): Promise<number> => {
  const sockets = new Set<Socket>()
  server.on(server.listenerCount('connection') === 0 ? 'connection' : 'secureConnection', (socket: Socket) => {
    sockets.add(socket.on('error', () => undefined))
    converse(socket)
  })
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(where, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}

const answering =
  (text: string): Converse =>
  (socket) =>
    void socket.once('data', () => socket.end(text))

const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

const startStranger = (): TestContext => {
  const run = startRun('exec sleep 1000')
  cleanups.push(run.dispose)
  return createContext({ run })
}

test('tcp is ready when it listens', async () => {
  const port = await freePort()
  const { probe, outcome, outcomes } = start({ kind: 'tcp', host: '127.0.0.1', port })
  await waitUntil(() => probe.reason !== '')
  expect(probe.reason).toBe(`cannot connect to 127.0.0.1:${port}: ECONNREFUSED`)
  expect(outcomes).toEqual([])
  await listen({ host: '127.0.0.1', port })
  expect(await outcome).toEqual({ kind: 'ready' })
})

test.each(['localhost', 'db.localhost', '::1', '::ffff:127.0.0.1'])('%s is this host', async (host) => {
  const port = await listen({ host: '::', ipv6Only: false, port: 0 })
  expect(await start({ kind: 'tcp', host, port }).outcome).toEqual({ kind: 'ready' })
})

test('a Unix socket is ready when it listens, a file there is not', async () => {
  const socketPath = join(dir, 'late.sock')
  writeFileSync(socketPath, '')
  const { probe, outcome } = start({ kind: 'unix', socketPath })
  await waitUntil(() => probe.reason !== '')
  expect(probe.reason).toBe(`cannot connect to "${socketPath}": ECONNREFUSED`)
  rmSync(socketPath)
  await listen({ path: socketPath })
  expect(await outcome).toEqual({ kind: 'ready' })
})

test("a stranger's listener is not ours, and is named", async () => {
  const port = await listen({ host: '127.0.0.1', port: 0 })
  const { probe, outcome } = start({ kind: 'tcp', host: '127.0.0.1', port }, startStranger(), { timeoutMs: 300 })
  await waitUntil(() => probe.reason !== '')
  expect(probe.reason).toMatch(new RegExp(`^127.0.0.1:${port} belongs to another process: pid ${process.pid} \\(.+\\)$`))
  expect(await outcome).toEqual({ kind: 'readyTimeout', reason: probe.reason })
})

test('a stranger on all addresses is not ours either', async () => {
  const port = await listen({ host: '::', port: 0 })
  const { probe } = start({ kind: 'tcp', host: '127.0.0.1', port }, startStranger())
  await waitUntil(() => probe.reason !== '')
  expect(probe.reason).toContain(`pid ${process.pid} (`)
})

test("a stranger's Unix socket is not ours", async () => {
  const socketPath = join(dir, 'with space.sock')
  await listen({ path: socketPath })
  const { probe } = start({ kind: 'unix', socketPath }, startStranger())
  await waitUntil(() => probe.reason !== '')
  expect(probe.reason).toContain(`"${socketPath}" belongs to another process: pid ${process.pid} (`)
})

test('when the stranger leaves and we come, it is ready', async () => {
  const port = await freePort()
  const program = `require("net").createServer().on("error", () => process.exit(1)).listen(${port}, "127.0.0.1", () => console.log("listens"))`
  const listening = `'${process.execPath}' -e '${program}'`
  const stranger = startRun(`exec ${listening}`)
  await stranger.line()
  const run = startRun(`until ${listening}; do :; done`)
  cleanups.push(stranger.dispose, run.dispose)
  const { probe, outcome } = start({ kind: 'tcp', host: '127.0.0.1', port }, createContext({ run }))
  await waitUntil(() => probe.reason.includes(`pid ${stranger.leaderPid} (`))
  await stranger.dispose()
  expect(await outcome).toEqual({ kind: 'ready' })
})

test.each([
  ['a child', ''],
  ['one that has left the session', 'setsid '],
])('the listener of %s is ours', async (_who, prefix) => {
  const program = `const s = require("net").createServer().listen(0, "127.0.0.1", () => console.log(s.address().port))`
  const run = startRun(`${prefix}'${process.execPath}' -e '${program}' & exec sleep 1000`)
  cleanups.push(run.dispose)
  const port = Number(await run.line())
  expect(await start({ kind: 'tcp', host: '127.0.0.1', port }, createContext({ run })).outcome).toEqual({ kind: 'ready' })
})

test.each([['HTTP/1.1 200 OK\r\n\r\nfine'], ['HTTP/1.0 301 Moved\r\nLocation: /x\r\n\r\n'], ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n']])(
  'http answers yes with %j',
  async (text) => {
    const port = await listen({ host: '127.0.0.1', port: 0 }, answering(text))
    expect(await start({ kind: 'http', url: `http://127.0.0.1:${port}/health` }).outcome).toEqual({ kind: 'ready' })
  },
)

test.each([
  ['HTTP/1.1 503 Busy\r\n\r\n', 'http://127.0.0.1:PORT/h answered with status 503'],
  ['HTTP/1.1 404 Not Found\r\n\r\n', 'http://127.0.0.1:PORT/h answered with status 404'],
  ['SSH-2.0-OpenSSH\r\n', 'http://127.0.0.1:PORT/h does not speak HTTP/1'],
  ['x'.repeat(100_000), 'http://127.0.0.1:PORT/h does not speak HTTP/1'],
  ['HTTP/1.1 20', '127.0.0.1:PORT hung up'],
  ['', '127.0.0.1:PORT hung up'],
])('http answers no with %.20j', async (text, reason) => {
  const port = await listen({ host: '127.0.0.1', port: 0 }, answering(text))
  const { outcome } = start({ kind: 'http', url: `http://u:secret@127.0.0.1:${port}/h?token=secret` }, createContext(), { timeoutMs: 200 })
  expect(await outcome).toEqual({ kind: 'readyTimeout', reason: reason.replace('PORT', String(port)) })
})

test('http waits for a slow answer, and a try that hangs does not end the asking', async () => {
  let tries = 0
  const port = await listen({ host: '127.0.0.1', port: 0 }, (socket) => {
    tries += 1
    if (tries > 1) answering('HTTP/1.1 200 OK\r\n\r\n')(socket)
  })
  expect(await start({ kind: 'http', url: `http://127.0.0.1:${port}/` }).outcome).toEqual({ kind: 'ready' })
  expect(tries).toBe(2)
})

test('an endless answer is an answer', async () => {
  const port = await listen({ host: '127.0.0.1', port: 0 }, (socket) => void socket.write('HTTP/1.1 200 OK\r\n\r\n: stream\n'))
  const startedMs = performance.now()
  expect(await start({ kind: 'http', url: `http://127.0.0.1:${port}/` }).outcome).toEqual({ kind: 'ready' })
  expect(performance.now() - startedMs).toBeLessThan(1500)
})

test('https is asked whatever its certificate says', async () => {
  const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=test', '-keyout', join(dir, 'key'), '-out', join(dir, 'crt'), '-days', '1']
  execFileSync('openssl', words, { stdio: 'ignore' })
  const server = createTlsServer({ key: readFileSync(join(dir, 'key')), cert: readFileSync(join(dir, 'crt')) })
  const port = await listen({ host: '127.0.0.1', port: 0 }, answering('HTTP/1.1 200 OK\r\n\r\n'), server)
  expect(await start({ kind: 'http', url: `https://127.0.0.1:${port}/` }).outcome).toEqual({ kind: 'ready' })
})

test('https at something else is a no', async () => {
  const port = await listen({ host: '127.0.0.1', port: 0 }, answering('HTTP/1.1 200 OK\r\n\r\n'))
  const { probe } = start({ kind: 'http', url: `https://127.0.0.1:${port}/` })
  await waitUntil(() => probe.reason !== '')
  expect(probe.reason).toContain(`https://127.0.0.1:${port}/ does not speak TLS`)
})

test('a path is there when it appears', async () => {
  const path = join(dir, 'pid')
  const { probe, outcome } = start({ kind: 'path', path })
  await waitUntil(() => probe.reason === `"${path}" is not there`)
  writeFileSync(path, '')
  expect(await outcome).toEqual({ kind: 'ready' })
})

test('what an earlier run has left there does not count until it is written again', async () => {
  const path = join(dir, 'stale')
  writeFileSync(path, '')
  await new Promise((resolve) => setTimeout(resolve, 100))
  const { probe, outcome } = start({ kind: 'path', path }, startStranger())
  await waitUntil(() => probe.reason === `"${path}" is older than the process`)
  writeFileSync(path, '')
  expect(await outcome).toEqual({ kind: 'ready' })
})

test('a link that appears counts as soon as it leads to something', async () => {
  const [path, target] = [join(dir, 'link'), join(dir, 'target')]
  symlinkSync(target, path)
  const { probe, outcome } = start({ kind: 'path', path }, startStranger())
  await waitUntil(() => probe.reason === `"${path}" is not there`)
  writeFileSync(target, '')
  expect(await outcome).toEqual({ kind: 'ready' })
  expect(existsSync(path)).toBe(true)
})

test('a line of its output is the word, of this run and no other', async () => {
  const context = createContext()
  context.say('ready to serve')
  const { outcome, outcomes } = start({ kind: 'logLine', pattern: /ready to/ }, { ...context, sinceSequence: context.hub.sequence })
  context.say('ready to serve', 'neighbour')
  context.say('getting ready')
  await new Promise(setImmediate)
  expect(outcomes).toEqual([])
  context.say('first\nnow ready to serve')
  expect(await outcome).toEqual({ kind: 'ready' })
})

test('a line that came before the question counts', async () => {
  const context = createContext()
  context.say('ready')
  const { outcome, outcomes } = start({ kind: 'logLine', pattern: /^ready$/ }, context)
  expect(outcomes).toEqual([])
  expect(await outcome).toEqual({ kind: 'ready' })
})

test('READY=1 is what counts, nothing else that is said', async () => {
  const context = createContext()
  const { outcome, outcomes } = start({ kind: 'notify' }, context)
  context.feed.readyFd()
  context.feed.notified({ pid: 1, status: 'loading' })
  expect(outcomes).toEqual([])
  context.feed.notified({ pid: 1, ready: true })
  expect(await outcome).toEqual({ kind: 'ready' })
})

test('READY=1 counts also when it was said before the question', async () => {
  const context = createContext()
  context.feed.notified({ pid: 1, ready: true })
  const { outcome, outcomes } = start({ kind: 'notify' }, context)
  expect(outcomes).toEqual([])
  expect(await outcome).toEqual({ kind: 'ready' })
})

test('a line on the ready descriptor counts', async () => {
  const context = createContext()
  const { outcome } = start({ kind: 'fd', fd: 5 }, context)
  context.feed.notified({ pid: 1, ready: true })
  context.feed.readyFd()
  expect(await outcome).toEqual({ kind: 'ready' })
})

test.each([
  [{ kind: 'notify' }, 'it did not say READY=1'],
  [{ kind: 'fd', fd: 5 }, 'it wrote no line to descriptor 5'],
  [{ kind: 'logLine', pattern: /up/ }, 'no line of its output matched /up/'],
  [{ kind: 'http', url: 'no url' }, 'its URL is none'],
] satisfies [ReadyCheck, string][])('after the time of %j the reason is known', async (check, reason) => {
  const { outcome } = start(check, createContext(), { timeoutMs: 30 })
  expect(await outcome).toEqual({ kind: 'readyTimeout', reason })
})

test('EXTEND_TIMEOUT_USEC puts the end off, and never nearer', async () => {
  const context = createContext()
  const startedMs = performance.now()
  const { outcome } = start({ kind: 'notify' }, context, { timeoutMs: 200 })
  context.feed.notified({ pid: 1, extendTimeoutUs: 400_000 })
  context.feed.notified({ pid: 1, extendTimeoutUs: 1000 })
  expect((await outcome).kind).toBe('readyTimeout')
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(399)
})

test('after cancel() nothing is said, and nobody listens any more', async () => {
  const context = createContext()
  const port = await freePort()
  const probes = [
    start({ kind: 'notify' }, context),
    start({ kind: 'tcp', host: '127.0.0.1', port }, context),
    start({ kind: 'logLine', pattern: /x/ }, context),
  ]
  for (const { probe } of probes) probe.cancel()
  context.feed.notified({ pid: 1, ready: true })
  context.say('x')
  await listen({ host: '127.0.0.1', port })
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(probes.flatMap(({ outcomes }) => outcomes)).toEqual([])
})
