// Commands that meet: nobody waits for ever, nobody is forgotten while it runs.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import type { Plan } from '../../runtime/contract/process-spec.ts'
import { createHeartbeats } from '../../runtime/supervisor/heartbeats.ts'
import { createPlan, createRestartSpec } from '../helpers/process-spec.ts'
import { isAlive } from '../helpers/start-runtime.ts'
import { declare, FOREVER, hook, sh, startSupervisor } from '../helpers/start-supervisor.ts'
import type { StartedSupervisor } from '../helpers/start-supervisor.ts'

let started: StartedSupervisor | undefined
afterEach(async () => {
  await started?.dispose()
  started = undefined
})
const start = async (...processes: Plan['processes']): Promise<StartedSupervisor> => (started = await startSupervisor({ processes }))

/** Ends a second after it was told to. */
const SLOW = 'trap "sleep 1; exit" TERM; while :; do sleep 1000 & wait $!; done'
const STUBBORN = 'trap "" TERM; echo deaf; while :; do sleep 0.2; done'
const stopAfter = (waitMs: number): Pick<Plan['processes'][number], 'stopSteps'> => ({ stopSteps: [{ signal: 'SIGTERM', waitMs }] })

/** In time, or the name of the one that nobody has answered. */
const answered = (promise: Promise<unknown>): Promise<unknown> => Promise.race([promise, wait(20_000, 'nobody has answered')])

test('what a new plan leaves out is not forgotten before it has ended, also when the bundle stops meanwhile', async () => {
  const { supervisor, pidsOf, lines, when } = await start(declare('old', sh(STUBBORN), stopAfter(1000)), declare('kept', sh(FOREVER)))
  await supervisor.arrived
  await when(() => (lines().includes('old deaf') ? true : undefined))
  const [pid = 0] = pidsOf('old')
  supervisor.apply(createPlan({ processes: [declare('kept', sh(FOREVER))] }))
  supervisor.down('test')
  await supervisor.done
  expect(isAlive(pid)).toBe(false)
})

test('what a new plan leaves out ends, although somebody starts it in between', async () => {
  const { supervisor, pidsOf, stateOf, when, lines } = await start(
    declare('old', sh(`trap "sleep 0.3; exit" TERM; echo up; ${FOREVER}`)),
    declare('kept', sh(FOREVER)),
  )
  await supervisor.arrived
  await when(() => (lines().includes('old up') ? true : undefined))
  const [pid = 0] = pidsOf('old')
  supervisor.apply(createPlan({ processes: [declare('kept', sh(FOREVER))] }))
  await answered(supervisor.start(['old']))
  await when(() => (stateOf('old') === undefined ? true : undefined))
  expect(isAlive(pid)).toBe(false)
  expect(lines().filter((line) => line === 'old up').length).toBeLessThan(3)
})

const web = (hash: string) => declare('web', sh(`echo ${hash}; ${SLOW}`), { hash })

test('a plan that comes while another one is carried out comes after it', async () => {
  const { supervisor, when, lines, pidsOf } = await start(web('h'))
  await supervisor.arrived
  await when(() => (lines().includes('web h') ? true : undefined))
  supervisor.apply(createPlan({ processes: [web('one')] }))
  supervisor.apply(createPlan({ processes: [web('two'), declare('new', sh(FOREVER), { hash: 'a' })] }))
  supervisor.apply(createPlan({ processes: [web('h'), declare('new', sh(`echo b; ${FOREVER}`), { hash: 'b' })] }))
  await when(() => (lines().filter((line) => line === 'web h').length === 2 && lines().includes('new b') ? true : undefined))
  expect(supervisor.plan.processes.map(({ name, hash }) => `${name} ${hash}`)).toEqual(['web h', 'new b'])
  expect(pidsOf('web')).toHaveLength(1)
})

test('a socket that could not be bound is tried again with the next plan', async () => {
  const { supervisor, dir, said, when } = await start(declare('kept', sh(FOREVER)))
  const address = { kind: 'unix', path: `${dir}/later/socket` } as const
  const socket = { name: 'late', address, mode: undefined, umask: undefined, backlog: 5, reusePort: false, replace: false, interface: undefined }
  const plan = createPlan({ processes: [declare('kept', sh(FOREVER))], sockets: [socket] })
  const changed = (): number => supervisor.events.since(0).events.filter(({ text }) => text === 'has another plan').length
  supervisor.apply(plan)
  await when(() => (changed() === 1 ? true : undefined))
  expect(said.filter((text) => text.startsWith('warning:'))).toHaveLength(1)
  mkdirSync(`${dir}/later`)
  supervisor.apply(plan)
  await when(() => (changed() === 2 ? true : undefined))
  expect(supervisor.sockets()).toMatchObject([{ name: 'late', isOpen: true }])
})

test('removed while it is started again: it is not left behind', async () => {
  const { supervisor, pidsOf, lines, when } = await start(declare('old', sh(`trap "sleep 0.3; exit" TERM; echo up $$; ${FOREVER}`)))
  await supervisor.arrived
  await when(() => (lines().some((line) => line.startsWith('old up')) ? true : undefined))
  const removed = supervisor.remove('old', { keepRunning: false }).then(
    () => 'removed',
    () => 'refused',
  )
  await answered(supervisor.start(['old']))
  expect(await answered(removed)).not.toBe('nobody has answered')
  const pids = lines()
    .flatMap((line) => /up (\d+)/.exec(line)?.[1] ?? [])
    .map(Number)
  expect(supervisor.status().length === 1 || pids.every((pid) => !isAlive(pid))).toBe(true)
  expect(pids.filter(isAlive)).toEqual(pidsOf('old'))
})

test.each(['graceful', 'sequential'] as const)('a %s reload meets a smaller number of instances', async (mode) => {
  const { supervisor, pidsOf } = await start(declare('web', sh(SLOW), { numprocesses: 3 }))
  await supervisor.arrived
  const reloaded = supervisor.reload(['web'], mode)
  expect(await answered(supervisor.scale('web', 0))).toMatchObject({ failed: [] })
  expect(await answered(reloaded)).toHaveProperty('started')
  expect(pidsOf('web')).toEqual([])
})

test.each(['graceful', 'sequential'] as const)('a %s reload of what is about to stop comes to an end', async (mode) => {
  const instance = { hooks: { beforeStop: hook('sleep 0.5') } }
  const { supervisor } = await start(declare('web', sh(FOREVER), { instance, numprocesses: 2 }))
  await supervisor.arrived
  const stopped = supervisor.stop(['web'])
  const reloaded = supervisor.reload(['web'], mode)
  expect(await answered(stopped)).not.toBe('nobody has answered')
  expect(await answered(reloaded)).not.toBe('nobody has answered')
})

test('a sequential reload whose new instances never become ready is given up at the first of them', async () => {
  const { supervisor, dir } = await start()
  const path = `${dir}/ready`
  writeFileSync(path, '')
  const ready = { check: { kind: 'path', path }, intervalMs: 20, timeoutMs: 200, recheckMs: undefined, failureThreshold: 1 } as const
  supervisor.add(
    declare('web', sh(FOREVER), {
      numprocesses: 2,
      instance: { ready },
      restart: createRestartSpec({ policy: 'always', burst: -1, delayMs: 10, delayMaxMs: 20 }),
    }),
  )
  await supervisor.start(['web'])
  rmSync(path)
  expect(await answered(supervisor.reload(['web'], 'sequential'))).toMatchObject({ failed: [{ label: 'web' }] })
})

test('released while others wait for it: they are told', async () => {
  const { supervisor, pidsOf, lines, when } = await start(declare('web', sh(`echo up; ${SLOW}`), { numprocesses: 2 }))
  await supervisor.arrived
  await when(() => (lines().length === 2 ? true : undefined))
  const pids = pidsOf('web')
  const scaled = supervisor.scale('web', 1)
  const reloaded = supervisor.reload(['web'], 'sequential')
  await supervisor.remove('web', { keepRunning: true })
  expect(await answered(scaled)).not.toBe('nobody has answered')
  expect(await answered(reloaded)).not.toBe('nobody has answered')
  for (const pid of pids) process.kill(pid, 'SIGKILL')
})

test('a reload of what waits for its time changes nothing, and neither does it wait', async () => {
  const schedule = { text: 'in an hour', nextRunMs: (nowMs: number) => nowMs + 3_600_000, runOnStart: false }
  const { supervisor, lines, stateOf } = await start(declare('backup', sh('echo ran'), { schedule }))
  await supervisor.arrived
  expect(await answered(supervisor.reload(['backup'], 'declared'))).toMatchObject({ started: [], failed: [] })
  expect(lines()).toEqual([])
  expect(stateOf('backup')).toBe('scheduled')
})

test('a graceful reload does not start what was stopped', async () => {
  const { supervisor, pidsOf } = await start(declare('web', sh(FOREVER), { numprocesses: 2 }))
  await supervisor.arrived
  await supervisor.stop(['web:2'])
  await supervisor.reload(['web'], 'graceful')
  expect(pidsOf('web')).toHaveLength(1)
})

test('a crash loop is not overlooked because cleaning up takes long', async () => {
  const instance = { hooks: { afterReap: hook('sleep 1.2') } }
  const { supervisor, stateOf, when } = await start(
    declare('web', sh('exit 3'), { instance, restart: createRestartSpec({ policy: 'always', burst: 2, delayMs: 10, delayMaxMs: 20 }) }),
  )
  await when(() => (stateOf('web') === 'failed' ? true : undefined))
  expect(supervisor.status()[0]?.counters.starts).toBe(3)
})

test('who sends no heartbeat while the bundle stops is left to the stop', async () => {
  const heartbeat = { host: '127.0.0.1', port: 17_644, processes: ['web'], pattern: /^(?<pid>\d+)/, intervalMs: 100, maxCount: 1 }
  started = await startSupervisor({ processes: [declare('web', sh(`echo up; ${SLOW}`))], heartbeats: [heartbeat] })
  const { supervisor, when, lines } = started
  await when(() => (lines().length === 1 ? true : undefined))
  const heartbeats = createHeartbeats({ supervisor, warn: () => undefined })
  supervisor.down('test')
  await supervisor.done
  heartbeats.close()
  expect(supervisor.isStopping).toBe(true)
})

test('heartbeats that are closed before they are heard leave their port to others', async () => {
  const heartbeat = { host: '127.0.0.1', port: 17_645, processes: ['web'], pattern: /^(?<pid>\d+)/, intervalMs: 10_000, maxCount: 1 }
  started = await startSupervisor({ processes: [declare('web', sh(FOREVER))], heartbeats: [heartbeat] })
  const { supervisor } = started
  createHeartbeats({ supervisor, warn: () => undefined }).close()
  await wait(100)
  const socket = createSocket('udp4')
  const bound = once(socket, 'listening')
  socket.bind({ address: '127.0.0.1', port: 17_645, exclusive: true })
  await expect(bound).resolves.toEqual([])
  socket.close()
})

test('told twice to stop, it does not wait for hooks', async () => {
  const instance = { hooks: { afterStop: { ...hook('sleep 60'), timeoutMs: 60_000 }, afterReap: { ...hook('sleep 60'), timeoutMs: 60_000 } } }
  const { supervisor } = await start(declare('web', sh(FOREVER), { instance }))
  await supervisor.arrived
  supervisor.down('test')
  await wait(300)
  supervisor.down('test')
  const askedAtMs = performance.now()
  await supervisor.done
  expect(performance.now() - askedAtMs).toBeLessThan(15_000)
})

test('a dependent in the middle of its hook waits for a dependency that has gone', async () => {
  const dependsOn = { db: { condition: 'ready', restart: true } } as const
  const go = join(tmpdir(), `nixpack-go-${process.pid}`)
  const beforeSpawn = hook(`echo hook; while [ ! -e ${go} ]; do sleep 0.02; done`)
  const { lines, pidsOf, stateOf, supervisor, when } = await start(
    declare('db', sh(FOREVER), { instance: { hooks: { beforeSpawn: hook('sleep 0.4') } } }),
    declare('web', sh(FOREVER), { dependsOn, instance: { hooks: { beforeSpawn } } }),
  )
  await when(() => (lines().includes('web hook') ? true : undefined))
  process.kill(pidsOf('db')[0] ?? 0, 'SIGKILL')
  await when(() => (stateOf('db') === 'ready' ? undefined : true))
  writeFileSync(go, '')
  await when(() => (stateOf('web') === 'ready' ? true : undefined))
  rmSync(go)
  const ready = supervisor.events.since(0).events.filter((event) => event.kind === 'state' && event.state === 'ready')
  expect(ready.map(({ label }) => label)).toEqual(['db', 'db', 'web'])
})

test('what had failed begins anew when its declaration has changed', async () => {
  const kept = declare('kept', sh(FOREVER))
  const { supervisor, stateOf, when } = await start(kept, declare('web', sh('exit 3'), { restart: createRestartSpec({ burst: 0, policy: 'always' }) }))
  await when(() => (stateOf('web') === 'failed' ? true : undefined))
  supervisor.apply(createPlan({ processes: [kept, declare('web', sh(FOREVER), { hash: 'x' })] }))
  expect(await when(() => (stateOf('web') === 'ready' ? true : undefined))).toBe(true)
})
