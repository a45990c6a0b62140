import { afterEach, expect, test } from 'vitest'
import type { Plan } from '../../runtime/contract/process-spec.ts'
import { isAlive } from '../helpers/start-runtime.ts'
import { declare, FOREVER, hook, sh, startSupervisor } from '../helpers/start-supervisor.ts'
import type { StartedSupervisor } from '../helpers/start-supervisor.ts'
import { createRestartSpec } from '../helpers/process-spec.ts'

let started: StartedSupervisor | undefined
afterEach(async () => {
  await started?.dispose()
  started = undefined
})
const start = async (...processes: Plan['processes']): Promise<StartedSupervisor> => (started = await startSupervisor({ processes }))

const indexesOf = ({ supervisor }: StartedSupervisor, name: string): readonly number[] =>
  supervisor
    .status()
    .find((status) => status.name === name)
    ?.instances.map(({ index }) => index) ?? []

test('instances have numbers, and labels where there may be several', async () => {
  const { when, lines } = await start(declare('web', sh(`echo $INDEX $NIXPACK_INDEX $NIXPACK_PROCESS; ${FOREVER}`), { numprocesses: 2 }))
  await when(() => (lines().length === 2 ? true : undefined))
  expect(lines().toSorted()).toEqual(['web:1 1 1 web', 'web:2 2 2 web'])
})

test('scaling keeps what runs; up takes the lowest free numbers, down ends the oldest', async () => {
  const all = await start(declare('web', sh(FOREVER)))
  const { supervisor, pidsOf } = all
  await supervisor.arrived
  const [first] = pidsOf('web')
  expect(await supervisor.scale('web', 3)).toMatchObject({ kept: [first], stopped: [], failed: [] })
  expect(indexesOf(all, 'web')).toEqual([1, 2, 3])
  expect(await supervisor.scale('web', 2)).toMatchObject({ stopped: [first] })
  expect(indexesOf(all, 'web')).toEqual([2, 3])
  await supervisor.scale('web', 3)
  expect(indexesOf(all, 'web')).toEqual([1, 2, 3])
  expect((await supervisor.scale('web', -100)).kept).toEqual([])
  expect(indexesOf(all, 'web')).toEqual([])
  await supervisor.scale('web', 1)
  expect(pidsOf('web')).toHaveLength(1)
})

test('a singleton stays alone, and a stopped process is not started by being scaled', async () => {
  const { supervisor, pidsOf } = await start(declare('one', sh(FOREVER), { singleton: true }), declare('off', sh(FOREVER), { autostart: false }))
  await supervisor.arrived
  await supervisor.scale('one', 4)
  expect(pidsOf('one')).toHaveLength(1)
  await supervisor.scale('off', 3)
  expect(pidsOf('off')).toEqual([])
  await supervisor.start(['off'])
  expect(pidsOf('off')).toHaveLength(3)
})

test('a crash is answered at once by another run with the same number', async () => {
  const all = await start(declare('web', sh(FOREVER), { numprocesses: 2 }))
  const { supervisor, pidsOf, when } = all
  await supervisor.arrived
  const [killed = 0, kept] = pidsOf('web')
  process.kill(killed, 'SIGKILL')
  await when(() => (!pidsOf('web').includes(killed) && pidsOf('web').length === 2 ? true : undefined))
  expect(pidsOf('web')).toContain(kept)
  expect(indexesOf(all, 'web')).toEqual([1, 2])
  expect(supervisor.status()[0]?.counters).toMatchObject({ starts: 3, restarts: 1, crashes: 1 })
})

test('a graceful reload brings new ones first, by their numbers there and back', async () => {
  const all = await start(declare('web', sh(`echo up; ${FOREVER}`), { numprocesses: 4 }))
  const { supervisor, pidsOf } = all
  await supervisor.arrived
  const pids = [pidsOf('web')]
  for (const expected of [
    [5, 6, 7, 8],
    [1, 2, 3, 4],
  ]) {
    expect((await supervisor.reload(['web'], 'declared')).failed).toEqual([])
    expect(indexesOf(all, 'web')).toEqual(expected)
    pids.push(pidsOf('web'))
  }
  expect(new Set(pids.flat()).size).toBe(12)
})

test('a graceful reload whose new instance fails changes nothing', async () => {
  const ready = { check: { kind: 'logLine', pattern: /^up$/u }, intervalMs: 50, timeoutMs: 30_000, recheckMs: undefined, failureThreshold: 1 } as const
  const { supervisor, pidsOf } = await start(declare('web', sh(`[ $INDEX = 1 ] || exit 3; echo up; ${FOREVER}`), { instance: { ready } }))
  await supervisor.arrived
  const before = pidsOf('web')
  const { failed } = await supervisor.reload(['web'], 'declared')
  expect(failed).toEqual([{ label: 'web', reason: expect.stringContaining('its new instance web:2 failed') }])
  expect(pidsOf('web')).toEqual(before)
})

test('a sequential reload replaces one after the other', async () => {
  const all = await start(declare('web', sh(FOREVER), { numprocesses: 3, reload: 'sequential' }))
  const { supervisor, pidsOf } = all
  await supervisor.arrived
  const before = pidsOf('web')
  const ready: number[] = []
  supervisor.events.subscribe(({ kind, state }) => {
    if (kind === 'state' && state === 'ready') ready.push(pidsOf('web').filter((pid) => before.includes(pid)).length)
  })
  await supervisor.reload(['web'], 'declared')
  expect(ready).toEqual([2, 1, 0])
  expect(indexesOf(all, 'web')).toEqual([1, 2, 3])
})

test('a reload by signal is just that signal', async () => {
  const { supervisor, pidsOf, when, lines } = await start(
    declare('web', sh(`trap 'echo again' HUP; echo up; while :; do sleep 0.02; done`), { reload: { signal: 'SIGHUP' } }),
  )
  await when(() => (lines().includes('web up') ? true : undefined))
  const before = pidsOf('web')
  await supervisor.reload(['web'], 'declared')
  await when(() => (lines().includes('web again') ? true : undefined))
  expect(pidsOf('web')).toEqual(before)
})

test('instances start one after the other when there is a warm-up', async () => {
  const { supervisor } = await start(declare('web', sh(FOREVER), { numprocesses: 3, warmupDelayMs: 100 }))
  await supervisor.arrived
  const { events } = supervisor.events.since(0)
  const times = events.filter(({ kind, state }) => kind === 'state' && state === 'starting').map(({ atMs }) => atMs)
  expect(times).toHaveLength(3)
  const [first = 0, second = 0, third = 0] = times
  // The pause begins before the start is told of.
  expect(second - first).toBeGreaterThanOrEqual(50)
  expect(third - second).toBeGreaterThanOrEqual(50)
})

test('the larger priority starts first', async () => {
  const { supervisor } = await start(declare('late', sh(FOREVER)), declare('early', sh(FOREVER), { priority: 5 }))
  await supervisor.arrived
  const { events } = supervisor.events.since(0)
  expect(events.filter(({ kind, state }) => kind === 'state' && state === 'starting').map(({ label }) => label)).toEqual(['early', 'late'])
})

test('max age replaces runs again and again, and that is no failure', async () => {
  const { supervisor, when } = await start(declare('web', sh(FOREVER), { maxAgeMs: 50, maxAgeVarianceMs: 20 }))
  await when(() => ((supervisor.status()[0]?.counters.restarts ?? 0) >= 7 ? true : undefined))
  expect(supervisor.status()[0]?.counters.crashes).toBe(0)
})

test('hooks of the process run once, however many instances there are; those of a run for each', async () => {
  const names = [
    'beforeStart',
    'afterStart',
    'beforeStop',
    'afterStop',
    'beforeSpawn',
    'afterSpawn',
    'beforeReap',
    'afterReap',
    'beforeSignal',
    'afterSignal',
  ] as const
  const hooks = Object.fromEntries(names.map((name) => [name, hook('echo $NIXPACK_HOOK')]))
  const { supervisor, lines, when } = await start(declare('web', sh(FOREVER), { numprocesses: 2, instance: { hooks } }))
  // A stop does not wait for it.
  await when(() => (lines().some((line) => line.endsWith(' afterStart')) ? true : undefined))
  await supervisor.stop(['web'])
  const counts = Object.fromEntries(names.map((name) => [name, lines().filter((line) => line.endsWith(` ${name}`)).length]))
  expect(counts).toEqual({
    beforeStart: 1,
    afterStart: 1,
    beforeStop: 1,
    afterStop: 1,
    beforeSpawn: 2,
    afterSpawn: 2,
    beforeReap: 2,
    afterReap: 2,
    beforeSignal: 2,
    afterSignal: 2,
  })
})

test.each(['beforeStart', 'beforeSpawn', 'afterSpawn', 'afterStart'] as const)('%s that fails keeps the process from running', async (name) => {
  const { when, stateOf, supervisor, pidsOf } = await start(declare('web', sh(FOREVER), { instance: { hooks: { [name]: hook('exit 1') } } }))
  await when(() => (stateOf('web') === 'failed' ? true : undefined))
  expect(supervisor.explain('web').summary).toContain(`its hook ${name} failed`)
  expect(pidsOf('web')).toEqual([])
})

test.each(['beforeSpawn', 'afterSpawn', 'beforeStart', 'afterStart'] as const)('%s that fails does not matter when that is declared', async (name) => {
  const { supervisor, stateOf } = await start(declare('web', sh(FOREVER), { instance: { hooks: { [name]: hook('exit 1', true) } } }))
  await supervisor.arrived
  expect(stateOf('web')).toBe('ready')
})

test('hooks around the end may fail; the one behind it sees how it ended', async () => {
  const hooks = { beforeStop: hook('exit 1'), afterStop: hook('exit 1'), beforeReap: hook('exit 1'), afterReap: hook('echo code $NIXPACK_EXIT_CODE; exit 1') }
  const { supervisor, stateOf, lines } = await start(declare('web', ['sleep', '1000'], { instance: { hooks } }))
  await supervisor.arrived
  await supervisor.stop(['web'])
  expect(stateOf('web')).toBe('stopped')
  expect(lines()).toContain('web code -15')
})

test('a hook may keep a signal from the process, but never SIGKILL at the end', async () => {
  const { supervisor, stateOf, pidsOf, said } = await start(
    declare('web', ['sleep', '1000'], { instance: { hooks: { beforeSignal: hook('exit 1') } }, stopSteps: [{ signal: 'SIGTERM', waitMs: 300 }] }),
  )
  await supervisor.arrived
  const [pid = 0] = pidsOf('web')
  await supervisor.stop(['web'])
  expect(stateOf('web')).toBe('stopped')
  expect(isAlive(pid)).toBe(false)
  expect(said.join('\n')).toMatch(/beforeSignal.*SIGTERM[^]*did not stop within 0.3 s/)
})

test('a hook that hangs is ended in its time, and with the process that it belongs to', async () => {
  const hooks = { beforeSpawn: { ...hook('sleep 1000'), timeoutMs: 100 } }
  const { when, stateOf, said } = await start(declare('web', sh(FOREVER), { instance: { hooks } }))
  await when(() => (stateOf('web') === 'failed' ? true : undefined))
  expect(said.join('\n')).toContain('it took more than 100 ms')
})

const FAILS_BESIDE_OTHERS = `[ "$INDEX" = 1 ] || exit 3; ${FOREVER}`

test('an instance that fails for good ends neither the others nor the bundle, and is explained', async () => {
  const all = await start(
    declare('web', sh(FAILS_BESIDE_OTHERS), { numprocesses: 2, restart: createRestartSpec({ policy: 'on-failure', burst: 0 }) }),
    declare('needy', sh(FOREVER), { dependsOn: { web: { condition: 'ready', restart: false } } }),
  )
  const { supervisor, when, pidsOf } = all
  await when(() => (supervisor.status()[0]?.instances.some(({ state }) => state === 'failed' || state === 'completed') ? true : undefined))
  await when(() => (pidsOf('needy').length === 1 ? true : undefined))
  expect(pidsOf('web')).toHaveLength(1)
  expect(supervisor.isStopping).toBe(false)
  expect(supervisor.explain('web:2')).toMatchObject({ summary: expect.stringContaining('web:2 is '), status: { instances: [{ label: 'web:2' }] } })
  expect(supervisor.explain('web:2').summary).toContain('status 3')
  expect(supervisor.explain('web:1').summary).toBe('web:1 is ready')
})

test('with the exit policy first-failure one instance is enough', async () => {
  started = await startSupervisor({
    processes: [declare('web', sh(FAILS_BESIDE_OTHERS), { numprocesses: 2, restart: createRestartSpec({ policy: 'on-failure', burst: 0 }) })],
    exitPolicy: 'first-failure',
  })
  expect(await started.supervisor.done).toMatchObject({ status: 125, error: { message: expect.stringContaining('web:2') } })
})

test('a oneshot that is scaled does its work as often as it is told to', async () => {
  const { supervisor, when, stateOf } = await start(declare('migrate', ['/bin/true'], { oneshot: true }), declare('api', sh(FOREVER)))
  await when(() => (stateOf('migrate') === 'completed' ? true : undefined))
  await supervisor.scale('migrate', 2)
  await when(() => (supervisor.status()[0]?.instances.every(({ state }) => state === 'completed') ? true : undefined))
  expect(supervisor.status()[0]).toMatchObject({ numprocesses: 2, counters: { starts: 2 } })
})
