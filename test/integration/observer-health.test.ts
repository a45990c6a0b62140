// Readiness that is lost and found again, liveness, the watchdog, and limits, on real processes.
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { LivenessSpec, ReadyCheck, ReadySpec, ResourcesSpec } from '../../runtime/contract/process-spec.ts'
import { createLiveness } from '../../runtime/supervisor/liveness.ts'
import { createRecheck } from '../../runtime/supervisor/probe-recheck.ts'
import { createUsageSampler } from '../../runtime/supervisor/resources-sampler.ts'
import { readTreeUsage, readUsage } from '../../runtime/supervisor/resources-usage.ts'
import { createResourceWatch } from '../../runtime/supervisor/resources.ts'
import { createContext } from '../helpers/check-context.ts'
import type { TestContext } from '../helpers/check-context.ts'
import { startRun, waitUntil } from '../helpers/observed-run.ts'
import type { ObservedRun } from '../helpers/observed-run.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

const listen = async (port = 0): Promise<{ server: Server; port: number }> => {
  const server = createServer((socket) => void socket.on('error', () => undefined).end())
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve))
  cleanups.push(() => server.close())
  const address = server.address()
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 }
}

const start = (script: string): ObservedRun => {
  const run = startRun(script)
  cleanups.push(run.dispose)
  return run
}

const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const recheck = (check: ReadyCheck, { recheckMs }: Pick<ReadySpec, 'recheckMs'> = { recheckMs: 10 }): [boolean, string][] => {
  const changes: [boolean, string][] = []
  const spec = { check, intervalMs: 50, timeoutMs: 1000, recheckMs, failureThreshold: 2 }
  const probe = createRecheck({ context: createContext(), spec }, (...change) => void changes.push(change))
  cleanups.push(() => probe.cancel())
  return changes
}

test('readiness is lost after so many failures in a row, told once, and regained by the first yes', async () => {
  const { server, port } = await listen()
  const changes = recheck({ kind: 'tcp', host: '127.0.0.1', port })
  await pass(50)
  expect(changes).toEqual([])
  server.close()
  await waitUntil(() => changes.length > 0)
  await pass(50)
  expect(changes).toEqual([[false, `cannot connect to 127.0.0.1:${port}: ECONNREFUSED`]])
  await listen(port)
  await waitUntil(() => changes.length > 1)
  expect(changes[1]).toEqual([true, ''])
})

test('what cannot be asked again stays ready, and so does what is not to be asked', async () => {
  const all = [recheck({ kind: 'notify' }), recheck({ kind: 'logLine', pattern: /x/ }), recheck({ kind: 'path', path: '/nowhere' }, { recheckMs: undefined })]
  await pass(60)
  expect(all).toEqual([[], [], []])
})

type Watched = { readonly reasons: string[]; readonly cancel: () => void }

const watchLiveness = (check: LivenessSpec['check'], context: TestContext = createContext(), times: Partial<LivenessSpec> = {}): Watched => {
  const reasons: string[] = []
  const spec: LivenessSpec = { check, intervalMs: 10, timeoutMs: 100, initialDelayMs: 0, failureThreshold: 3, action: 'restart', ...times }
  const probe = createLiveness({ context, spec }, (reason) => void reasons.push(reason))
  cleanups.push(() => probe.cancel())
  return { reasons, cancel: () => probe.cancel() }
}

test('a process that answers is left alone; one that does not any more is reported, with the reason', async () => {
  const { server, port } = await listen()
  const { reasons, cancel } = watchLiveness({ kind: 'tcp', host: '127.0.0.1', port })
  await pass(100)
  expect(reasons).toEqual([])
  server.close()
  await waitUntil(() => reasons.length > 1)
  cancel()
  expect(new Set(reasons)).toEqual(new Set([`cannot connect to 127.0.0.1:${port}: ECONNREFUSED (3 times in a row)`]))
})

test.each([
  ['+PONG\r\n', []],
  ['-NOAUTH Authentication required.\r\n', []],
  ['-LOADING Redis is loading the dataset in memory\r\n', []],
  ['HTTP/1.1 400 Bad Request\r\n', ['it does not answer PING as Redis does: "HTTP/1.1 400 Bad Request\\r\\n"']],
  ['', ['no answer from 127.0.0.1:PORT within 100 ms']],
])('a server of Redis that says %j to PING', async (reply, expected) => {
  const asked: string[] = []
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      asked.push(String(bytes))
      // In two pieces, as they may come.
      socket.write(reply.slice(0, 3))
      setImmediate(() => socket.write(reply.slice(3)))
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const { reasons, cancel } = watchLiveness({ kind: 'tcp', host: '127.0.0.1', port, speaks: 'redis' }, createContext(), { failureThreshold: 1 })
  await waitUntil(() => asked.length > 3 || reasons.length > 0)
  cancel()
  expect(asked[0]).toBe('PING\r\n')
  expect(reasons.slice(0, 1)).toEqual(expected.map((reason) => reason.replace('PORT', String(port))))
})

test('an answer that does not come is none', async () => {
  const server = createServer((socket) => void socket.on('error', () => undefined))
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const { reasons } = watchLiveness({ kind: 'http', url: `http://127.0.0.1:${port}/` }, createContext(), { timeoutMs: 30, failureThreshold: 1 })
  await waitUntil(() => reasons.length > 0)
  expect(reasons[0]).toBe(`no answer from 127.0.0.1:${port} within 30 ms`)
})

test('single failures do not count, and before its first delay it is not asked at all', async () => {
  let tries = 0
  const runCommand = (): Promise<{ kind: 'exit'; exit: { kind: 'code'; code: number } }> => {
    tries += 1
    return Promise.resolve({ kind: 'exit', exit: { kind: 'code', code: tries % 3 === 0 ? 0 : 1 } })
  }
  const { reasons } = watchLiveness({ kind: 'exec', command: ['check'] }, createContext({ runCommand }), { intervalMs: 1, initialDelayMs: 80 })
  await pass(40)
  expect(tries).toBe(0)
  await waitUntil(() => tries > 20)
  expect(reasons).toEqual([])
})

test('the watchdog bites when it hears nothing for its period, once until it hears something again', async () => {
  const context = createContext()
  const { reasons } = watchLiveness({ kind: 'watchdog', periodMs: 60 }, context)
  for (let count = 0; count < 10; count += 1) {
    await pass(20)
    context.feed.notified({ pid: 1, watchdog: true })
  }
  expect(reasons).toEqual([])
  await waitUntil(() => reasons.length > 0)
  await pass(150)
  expect(reasons).toEqual(['it did not say WATCHDOG=1 for 60 ms'])
  context.feed.notified({ pid: 1, watchdog: true })
  await waitUntil(() => reasons.length > 1)
})

test('the watchdog of a process that says when it is ready sleeps until then', async () => {
  const context = createContext({ awaitsReady: true })
  const { reasons } = watchLiveness({ kind: 'watchdog', periodMs: 30 }, context)
  await pass(100)
  expect(reasons).toEqual([])
  context.feed.notified({ pid: 1, ready: true })
  await waitUntil(() => reasons.length > 0)
})

test('WATCHDOG=trigger bites at once, other messages and a longer patience do not', async () => {
  const context = createContext()
  const { reasons } = watchLiveness({ kind: 'watchdog', periodMs: 50 }, context)
  context.feed.notified({ pid: 1, status: 'busy', extendTimeoutUs: 300_000 })
  await pass(150)
  expect(reasons).toEqual([])
  context.feed.notified({ pid: 1, watchdog: 'trigger' })
  expect(reasons).toEqual(['it said WATCHDOG=trigger'])
})

test('a cancelled watchdog is silent', async () => {
  const context = createContext()
  const { reasons, cancel } = watchLiveness({ kind: 'watchdog', periodMs: 20 }, context)
  cancel()
  context.feed.notified({ pid: 1, watchdog: 'trigger' })
  await pass(60)
  expect(reasons).toEqual([])
})

test('usage is that of the kernel', () => {
  const usage = readUsage(process.pid)
  const { rss } = process.memoryUsage()
  expect(Math.abs((usage?.rssBytes ?? 0) - rss)).toBeLessThan(rss / 4)
  const { user, system } = process.cpuUsage()
  expect(Math.abs((usage?.cpuMs ?? 0) - (user + system) / 1000)).toBeLessThan(1000)
  expect(readUsage(2 ** 22)).toBeUndefined()
})

test('a tree is the process and all of its descendants', async () => {
  const run = start(`bash -c 'sleep 1000 & echo started; wait' & wait`)
  await run.line()
  await waitUntil(() => readTreeUsage(run.leaderPid, true)?.processes.length === 3)
  const alone = readTreeUsage(run.leaderPid, false)
  const tree = readTreeUsage(run.leaderPid, true)
  expect(tree?.processes[0]).toMatchObject({ pid: run.leaderPid })
  expect(tree?.rssBytes).toBeGreaterThan(alone?.rssBytes ?? Number.POSITIVE_INFINITY)
})

test('the share of a processor is that since the last look', async () => {
  const run = start('while :; do :; done')
  const sampler = createUsageSampler()
  expect(sampler.sample(run.leaderPid, true, performance.now())?.cpuPercent).toBeUndefined()
  await pass(500)
  expect(sampler.sample(run.leaderPid, true, performance.now())?.cpuPercent).toBeGreaterThan(10)
  process.kill(run.leaderPid, 'SIGKILL')
  await run.exited
  expect(sampler.sample(run.leaderPid, true, performance.now())).toBeUndefined()
})

const LIMITS: ResourcesSpec = {
  maxMemoryBytes: undefined,
  minMemoryBytes: undefined,
  maxCpuPercent: undefined,
  minCpuPercent: undefined,
  intervalMs: 20,
  maxCount: 3,
  children: true,
  action: 'restart',
}

const watchResources = (run: ObservedRun, limits: Partial<ResourcesSpec>): string[] => {
  const reasons: string[] = []
  const watch = createResourceWatch({ pid: () => run.leaderPid, spec: { ...LIMITS, ...limits } }, (reason) => void reasons.push(reason))
  cleanups.push(() => watch.cancel())
  return reasons
}

test('too much memory of a child is too much, when children count', async () => {
  const program = `const held = Buffer.alloc(200e6, 1); console.log("holds"); setInterval(() => held, 1e6)`
  const run = start(`'${process.execPath}' -e '${program}' & wait`)
  await run.line()
  const [all, alone] = [watchResources(run, { maxMemoryBytes: 150e6 }), watchResources(run, { maxMemoryBytes: 150e6, children: false })]
  await waitUntil(() => all.length > 0)
  expect(all[0]).toMatch(/^it takes \d{3}\.\d MiB of memory, more than 143\.1 MiB \(3 times in a row\)$/)
  expect(alone).toEqual([])
})

test('too much of a processor is told when it lasts', async () => {
  const reasons = watchResources(start('while :; do :; done'), { maxCpuPercent: 5, intervalMs: 100, maxCount: 2 })
  await waitUntil(() => reasons.length > 0)
  expect(reasons[0]).toMatch(/^it takes \d+\.\d % of a processor, more than 5 % \(2 times in a row\)$/)
})

test('a process that has ended breaches nothing', async () => {
  const run = start('true')
  await run.exited
  const reasons = watchResources(run, { minMemoryBytes: 1e9, maxCount: 1 })
  await pass(100)
  expect(reasons).toEqual([])
})
