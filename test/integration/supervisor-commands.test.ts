import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Dependency, Plan, SocketSpec, TaskSpec } from '../../runtime/contract/process-spec.ts'
import { createInstanceSpec, createPlan, createRestartSpec } from '../helpers/process-spec.ts'
import { isAlive } from '../helpers/start-runtime.ts'
import { declare, FOREVER, sh, startSupervisor } from '../helpers/start-supervisor.ts'
import type { StartedSupervisor } from '../helpers/start-supervisor.ts'

let started: StartedSupervisor | undefined
afterEach(async () => {
  await started?.dispose()
  started = undefined
})
const startPlan = async (plan: Partial<Plan>): Promise<StartedSupervisor> => (started = await startSupervisor(plan))
const start = (...processes: Plan['processes']): Promise<StartedSupervisor> => startPlan({ processes })

const on = (condition: Dependency['condition'], restart = false): Dependency => ({ condition, restart })
const STUBBORN = [process.execPath, '-e', 'process.on("SIGTERM", () => undefined); console.log("up"); setInterval(() => undefined, 1e6)']
const STUBBORN_STOP = { stopSteps: [{ signal: 'SIGTERM', waitMs: 60_000 }] } as const

/** Labels in the order in which they came into this state, since that event. */
const orderOf = ({ supervisor }: StartedSupervisor, state: string, since = 0): readonly (string | null)[] =>
  supervisor.events
    .since(since)
    .events.filter((event) => event.kind === 'state' && event.state === state)
    .map(({ label }) => label)

describe('start, stop and restart', () => {
  test('a stop goes from dependents to dependencies, a start the other way', async () => {
    const all = await start(
      declare('web', sh(FOREVER), { dependsOn: { api: on('ready') } }),
      declare('api', sh(FOREVER), { dependsOn: { db: on('ready') } }),
      declare('db', sh(FOREVER)),
    )
    const { supervisor } = all
    await supervisor.arrived
    expect(orderOf(all, 'ready')).toEqual(['db', 'api', 'web'])
    const { stopped } = await supervisor.stop([])
    expect(stopped).toHaveLength(3)
    expect(orderOf(all, 'stopped')).toEqual(['web', 'api', 'db'])
    const { cursor } = supervisor.events
    expect((await supervisor.start(['web'])).started).toHaveLength(3)
    expect(orderOf(all, 'ready', cursor)).toEqual(['db', 'api', 'web'])
  })

  test('one that hangs delays nobody else', async () => {
    const { supervisor, when, lines, stateOf } = await start(declare('slow', STUBBORN, STUBBORN_STOP), declare('quick', sh(FOREVER)))
    await when(() => (lines().includes('slow up') ? true : undefined))
    const stopped: string[] = []
    void supervisor.stop(['slow']).then(() => stopped.push('slow'))
    await supervisor.restart(['quick'])
    await supervisor.scale('quick', 2)
    await supervisor.stop(['quick'])
    expect(stateOf('slow')).toBe('stopping')
    expect(stopped).toEqual([])
  })

  test('the latest command counts; who waits for the earlier one is told', async () => {
    const { supervisor, when, lines, pidsOf, stateOf } = await start(declare('web', STUBBORN, STUBBORN_STOP))
    await when(() => (lines().includes('web up') ? true : undefined))
    const [pid = 0] = pidsOf('web')
    const stop = supervisor.stop(['web'])
    const startAgain = supervisor.start(['web'])
    expect((await stop).failed).toEqual([{ label: 'web', reason: 'another command came in between' }])
    process.kill(pid, 'SIGKILL')
    expect(await startAgain).toMatchObject({ stopped: [pid], failed: [] })
    expect(stateOf('web')).toBe('ready')
    expect(supervisor.status()[0]?.counters.crashes).toBe(0)
  })

  test('a stop may have its own signal and time', async () => {
    const { supervisor, when, lines } = await start(
      declare('web', sh(`trap 'echo interrupted; exit' INT; trap '' TERM; echo up; while :; do sleep 0.02; done`)),
    )
    await when(() => (lines().includes('web up') ? true : undefined))
    await supervisor.stop(['web'], { signal: 'SIGINT', gracefulTimeoutMs: 30_000 })
    expect(lines()).toContain('web interrupted')
  })

  test('stop signals follow one another', async () => {
    const stopSteps = [
      { signal: 'SIGINT', waitMs: 100 },
      { signal: 'SIGUSR1', waitMs: 60_000 },
    ] as const
    const { supervisor, when, lines } = await start(
      declare('web', sh(`trap 'echo int' INT; trap 'echo usr; exit' USR1; echo up; while :; do sleep 0.02; done`), { stopSteps }),
    )
    await when(() => (lines().includes('web up') ? true : undefined))
    await supervisor.stop(['web'])
    expect(lines().filter((line) => line === 'web int' || line === 'web usr')).toEqual(['web int', 'web usr'])
  })

  test('one instance by its number', async () => {
    const { supervisor, pidsOf } = await start(declare('web', sh(FOREVER), { numprocesses: 2 }))
    await supervisor.arrived
    expect((await supervisor.stop(['web:1'])).stopped).toHaveLength(1)
    expect(supervisor.status()[0]?.instances.map(({ state }) => state)).toEqual(['stopped', 'ready'])
    await supervisor.start(['web:1'])
    expect(pidsOf('web')).toHaveLength(2)
  })

  test('what does not exist is refused by name, and so is everything while the bundle stops', async () => {
    const { supervisor } = await start(declare('web', sh(FOREVER)))
    await expect(supervisor.start(['wob'])).rejects.toThrow('cannot find process "wob", did you mean "web"?')
    await expect(supervisor.stop(['web:7'])).rejects.toThrow('cannot find process "web:7"')
    supervisor.down('test')
    await expect(supervisor.start(['web'])).rejects.toThrow('the bundle is stopping')
  })

  test('autostart=false waits for its command, also when everything is started', async () => {
    const { supervisor, stateOf } = await start(declare('on', sh(FOREVER)), declare('off', sh(FOREVER), { autostart: false }))
    await supervisor.arrived
    await supervisor.stop([])
    await supervisor.start([])
    expect([stateOf('on'), stateOf('off')]).toEqual(['ready', 'stopped'])
    await supervisor.start(['off'])
    expect(stateOf('off')).toBe('ready')
  })
})

describe('what fails on and on, without a limit', () => {
  const FAILING = { restart: createRestartSpec({ policy: 'always', burst: -1, delayMs: 40_000, delayMaxMs: 40_000 }), hasReadyCheck: true }
  const never = { ready: { check: { kind: 'notify' }, timeoutMs: 60_000, intervalMs: 100, recheckMs: undefined, failureThreshold: 1 } } as const
  const answer = { label: 'web', reason: expect.stringMatching(/^it exited with status 3, and is started again in \d+\.\d s$/) }

  test('start says so as soon as it waits to be tried again', async () => {
    const { supervisor } = await start(declare('web', sh('exit 3'), { ...FAILING, instance: never, autostart: false }))
    expect((await supervisor.start(['web'])).failed).toEqual([answer])
    expect((await supervisor.restart(['web'])).failed).toEqual([answer])
    expect((await supervisor.stop(['web'])).failed).toEqual([])
  })

  test('so does scale', async () => {
    const { supervisor } = await start(declare('web', sh('exit 3'), { ...FAILING, instance: never, autostart: false }))
    await supervisor.start(['web'])
    const { failed } = await supervisor.scale('web', 2)
    expect(failed.map(({ label }) => label)).toEqual(['web:1', 'web:2'])
  })

  test('so do programs that cannot be run', async () => {
    const restart = createRestartSpec({ maxRetry: -1, delayMs: 40_000, delayMaxMs: 40_000 })
    const { supervisor } = await start(declare('web', ['/no/such'], { restart, autostart: false }))
    expect((await supervisor.start(['web'])).failed).toMatchObject([{ reason: expect.stringContaining('could not be started: cannot run "/no/such"') }])
  })

  test('a command about another of its instances, or about what does not concern them, does not', async () => {
    const web = declare('web', sh(`[ $INDEX = 1 ] || exit 3; ${FOREVER}`), { restart: FAILING.restart, numprocesses: 2 })
    const { supervisor, when, pidsOf, stateOf } = await start(web)
    await when(() => (stateOf('web') === 'backoff' && supervisor.status()[0]?.instances[0]?.state === 'ready' ? true : undefined))
    expect((await supervisor.update({ ...web, warmupDelayMs: 5 }, { restarts: false })).failed).toEqual([])
    const [pid] = pidsOf('web')
    expect(await supervisor.restart(['web:1'])).toEqual({ started: pidsOf('web'), kept: [], stopped: [pid], failed: [] })
    expect((await supervisor.stop(['web:1'])).failed).toEqual([])
  })
})

const pair = (): Plan['processes'] => [declare('db', sh(FOREVER)), declare('web', sh(FOREVER), { dependsOn: { db: on('ready', true) } })]

describe('edges with restart', () => {
  test('a crash of the dependency restarts whoever depends on it like this', async () => {
    const all = await start(...pair(), declare('other', sh(FOREVER), { dependsOn: { db: on('ready') } }))
    const { supervisor, pidsOf, when } = all
    await supervisor.arrived
    const [db = 0, web = 0, other = 0] = ['db', 'web', 'other'].map((name) => pidsOf(name)[0] ?? 0)
    process.kill(db, 'SIGKILL')
    await when(() => (pidsOf('web').some((pid) => pid !== web) ? true : undefined))
    expect(pidsOf('other')).toEqual([other])
    expect(orderOf(all, 'ready').slice(3)).toEqual(['db', 'web'])
    expect(supervisor.status().find(({ name }) => name === 'web')?.counters.crashes).toBe(0)
  })

  test('a restart by command stops the dependent first', async () => {
    const all = await start(...pair())
    const { supervisor } = all
    await supervisor.arrived
    const { cursor } = supervisor.events
    const { started: up, stopped } = await supervisor.restart(['db'])
    expect([up.length, stopped.length]).toEqual([2, 2])
    expect(orderOf(all, 'clearing', cursor)).toEqual(['web', 'db'])
    expect(orderOf(all, 'ready', cursor)).toEqual(['db', 'web'])
  })

  test('a stop takes the dependent down, which comes back with the dependency', async () => {
    const { supervisor, stateOf, when } = await start(...pair())
    await supervisor.arrived
    await supervisor.stop(['db'])
    await when(() => (stateOf('web') === 'waiting' ? true : undefined))
    expect(stateOf('db')).toBe('stopped')
    expect(supervisor.explain('web').summary).toBe('web waits for "db" to be ready (it is stopped)')
    await supervisor.start(['db'])
    await when(() => (stateOf('web') === 'ready' ? true : undefined))
  })
})

describe('signals', () => {
  const tree = sh(
    `trap 'echo parent' USR1; sh -c 'trap "echo child" USR1; sh -c "trap \\"echo grandchild\\" USR1; echo up; while :; do sleep 0.02; done" & while :; do sleep 0.02; done' & while :; do sleep 0.02; done`,
  )

  test.each([
    [{}, ['parent']],
    [{ children: true }, ['child']],
    [{ recursive: true }, ['child', 'grandchild', 'parent']],
    [{ recursive: true, children: true }, ['child', 'grandchild']],
  ] as const)('%j reaches %j', async (options, expected) => {
    const { supervisor, when, lines } = await start(declare('web', tree))
    await when(() => (lines().includes('web up') ? true : undefined))
    supervisor.signal(['web'], 'SIGUSR1', options)
    const heard = (): readonly string[] => ['child', 'grandchild', 'parent'].filter((word) => lines().includes(`web ${word}`))
    await when(() => (heard().length >= expected.length ? true : undefined))
    expect(heard()).toEqual(expected)
  })
})

describe('a new plan', () => {
  test('what is the same goes on, the rest changes in the order of dependencies', async () => {
    const all = await start(
      declare('same', sh(FOREVER)),
      declare('more', sh(FOREVER)),
      declare('other', sh(FOREVER)),
      declare('gone', sh(FOREVER), { dependsOn: { other: on('ready') } }),
    )
    const { supervisor, pidsOf, when } = all
    await supervisor.arrived
    const before = new Map(['same', 'more', 'other'].map((name) => [name, pidsOf(name)[0]]))
    const change = supervisor.apply(
      createPlan({
        processes: [
          declare('new', sh(FOREVER), { dependsOn: { other: on('ready') } }),
          declare('same', sh(FOREVER)),
          declare('more', sh(FOREVER), { numprocesses: 2 }),
          declare('other', sh(`echo changed; ${FOREVER}`), { hash: 'x' }),
        ],
      }),
    )
    expect(change).toEqual({ added: ['new'], changed: ['other'], scaled: ['more'], removed: ['gone'], kept: ['same'] })
    await when(() =>
      supervisor
        .status()
        .map(({ name }) => name)
        .join() === 'new,same,more,other' && supervisor.status().every(({ state }) => state === 'ready')
        ? true
        : undefined,
    )
    expect(pidsOf('same')).toEqual([before.get('same')])
    expect(pidsOf('more')).toEqual([before.get('more'), expect.any(Number)])
    expect(pidsOf('other')).not.toEqual([before.get('other')])
    expect(orderOf(all, 'stopped')).toEqual(['gone', 'other'])
  })

  test('what was stopped by command stays stopped when it is changed', async () => {
    const { supervisor, stateOf, when } = await start(declare('web', sh(FOREVER)))
    await supervisor.arrived
    await supervisor.stop(['web'])
    supervisor.apply(createPlan({ processes: [declare('web', sh(FOREVER), { hash: 'x' })] }))
    await when(() => (supervisor.events.since(0).events.some(({ text }) => text === 'has another plan') ? true : undefined))
    expect(stateOf('web')).toBe('stopped')
    expect(supervisor.plan.processes[0]?.hash).toBe('x')
  })

  test('processes are added and removed by name', async () => {
    const { supervisor, stateOf, pidsOf } = await start(declare('web', sh(FOREVER)))
    await supervisor.arrived
    supervisor.add(declare('extra', sh(FOREVER), { dependsOn: { web: on('ready') } }))
    expect(stateOf('extra')).toBe('stopped')
    expect(() => supervisor.add(declare('EXTRA', sh(FOREVER)))).toThrow('there is a process of that name')
    expect(() => supervisor.add(declare('third', sh(FOREVER), { dependsOn: { none: on('ready') } }))).toThrow('it depends on "none", which is not declared')
    await supervisor.start(['extra'])
    await expect(supervisor.remove('web', { keepRunning: false })).rejects.toThrow('"extra" depends on it')
    const [pid = 0] = pidsOf('extra')
    expect(await supervisor.remove('extra', { keepRunning: true })).toMatchObject({ kept: [pid] })
    expect(supervisor.status().map(({ name }) => name)).toEqual(['web'])
    expect(isAlive(pid)).toBe(true)
    process.kill(pid, 'SIGKILL')
  })

  test('a declaration that would wait for itself is refused', async () => {
    const { supervisor } = await start(declare('db', sh(FOREVER)), declare('web', sh(FOREVER), { dependsOn: { db: on('ready') } }))
    await supervisor.arrived
    await expect(supervisor.update(declare('db', sh(FOREVER), { dependsOn: { web: on('ready') } }), { restarts: false })).rejects.toThrow(
      'cannot declare "db": it would wait for "web", which waits for it',
    )
  })

  test('a stop in the middle of a reload ends old and new instances alike', async () => {
    const ready = { check: { kind: 'logLine', pattern: /never/u }, intervalMs: 50, timeoutMs: 60_000, recheckMs: undefined, failureThreshold: 1 } as const
    const { supervisor, pidsOf, when } = await start(declare('web', sh(FOREVER)))
    await supervisor.arrived
    await supervisor.update(declare('web', sh(FOREVER), { instance: { ready } }), { restarts: false })
    const reload = supervisor.reload(['web'], 'graceful')
    await when(() => (pidsOf('web').length === 2 ? true : undefined))
    await supervisor.stop(['web'])
    expect((await reload).failed).toEqual([{ label: 'web', reason: 'another command came in between' }])
    expect(supervisor.status()[0]?.instances.map(({ state }) => state)).toEqual(['stopped'])
  })

  test('another declaration of one process: in place, or by replacing its runs', async () => {
    const { supervisor, pidsOf } = await start(declare('web', sh(FOREVER)))
    await supervisor.arrived
    const before = pidsOf('web')
    expect(await supervisor.update(declare('web', sh(FOREVER), { maxAgeMs: 1e9 }), { restarts: false })).toMatchObject({ kept: before })
    await supervisor.update(declare('web', sh(FOREVER), { numprocesses: 2, hash: 'y' }), { restarts: true })
    expect(pidsOf('web')).toHaveLength(2)
    expect(pidsOf('web')).not.toContain(before[0])
  })
})

const task = (name: string, script: string, dependsOn: TaskSpec['dependsOn'] = {}): TaskSpec => ({
  name,
  planRun: () => ({ ...createInstanceSpec().run, command: ['/bin/sh', '-c', script, 'task'], environment: { PATH: '/usr/bin:/bin' } }),
  dependsOn,
})

const ROOM = { isFull: () => false, whenRoom: () => undefined }

const run = async ({ supervisor }: StartedSupervisor, name: string, words: readonly string[] = []) => {
  const lines: string[] = []
  const { status } = supervisor.runTask(name, words, {
    spawned: () => undefined,
    lines: (stream, more) => void lines.push(...more.map((line) => `${stream} ${line}`)),
    room: ROOM,
  })
  return { status: await status, lines: lines.toSorted() }
}

describe('tasks', () => {
  test('a task gets its words, and its status and output come back', async () => {
    const all = await startPlan({ tasks: [task('greet', 'echo hello $1; echo oh >&2; exit 3')] })
    expect(await run(all, 'greet', ['you'])).toEqual({ status: 3, lines: ['err oh', 'out hello you'] })
  })

  test('what it depends on is started first', async () => {
    const all = await startPlan({ processes: [declare('db', sh(FOREVER), { autostart: false })], tasks: [task('migrate', 'exit 0', { db: on('ready') })] })
    expect(await run(all, 'migrate')).toMatchObject({ status: 0 })
    expect(all.stateOf('db')).toBe('ready')
  })

  test('a dependency that fails is the reason why it does not run', async () => {
    const ready = { check: { kind: 'logLine', pattern: /never/u }, intervalMs: 50, timeoutMs: 60_000, recheckMs: undefined, failureThreshold: 1 } as const
    const db = declare('db', sh('exit 1'), { restart: createRestartSpec({ policy: 'never' }), instance: { ready } })
    const all = await startPlan({ processes: [db, declare('rest', sh(FOREVER))], tasks: [task('migrate', 'exit 0', { db: on('ready') })] })
    await expect(run(all, 'migrate')).rejects.toThrow('cannot run task "migrate": "db" ended, and it had to be ready')
    await expect(run(all, 'none')).rejects.toThrow('cannot find task "none"')
  })

  test('a task whose user has gone ends with everything that it has started', async () => {
    const all = await startPlan({ tasks: [task('long', 'sleep 1000 & echo $!; exec sleep 1000')] })
    const said = Promise.withResolvers<number>()
    const lines = (_stream: string, [line]: readonly string[]): void => said.resolve(Number(line))
    const { status, cancel } = all.supervisor.runTask('long', [], { spawned: () => undefined, lines, room: ROOM })
    const grandchild = await said.promise
    cancel()
    expect(await status).toBe(137)
    // Its descriptors are closed, which is what was waited for, a moment before the process is gone.
    await expect.poll(() => isAlive(grandchild)).toBe(false)
  })
})

const socket = (path: string): SocketSpec => ({
  name: 'front',
  address: { kind: 'unix', path },
  mode: undefined,
  umask: undefined,
  backlog: 64,
  reusePort: false,
  replace: false,
  interface: undefined,
})

describe('times and demand', () => {
  test('a scheduled process runs again and again, and never twice at the same time', async () => {
    const schedule = { nextRunMs: (after: number) => after + 50, runOnStart: false, text: 'every 50 ms' }
    const { supervisor, when, lines, stateOf } = await start(declare('job', sh('echo begin; sleep 0.1; echo end'), { schedule }))
    expect(stateOf('job')).toBe('scheduled')
    await when(() => (lines().length >= 6 ? true : undefined))
    expect(lines().slice(0, 6)).toEqual(['job begin', 'job end', 'job begin', 'job end', 'job begin', 'job end'])
    expect(supervisor.explain('job').restartPolicy).toContain('runs at its times (every 50 ms)')
  })

  test('the first connection starts the process, which gets it', async () => {
    const server = 'const s = require("node:net").createServer((c) => c.end(`served by ${process.env.LISTEN_FDNAMES}`)); s.listen({ fd: 3 })'
    const path = join('/tmp', `nixpack-demand-${process.pid}.sock`)
    const all = await startPlan({
      processes: [declare('web', [process.execPath, '-e', server], { onDemand: true, sockets: ['front'] })],
      sockets: [socket(path)],
    })
    expect(all.stateOf('web')).toBe('listening')
    expect(all.supervisor.sockets()).toEqual([{ name: 'front', kind: 'unix', address: path, isOpen: true, processes: ['web'] }])
    expect((await connect(path).setEncoding('utf8').toArray()).join('')).toBe('served by front')
    expect(all.stateOf('web')).toBe('ready')
    await all.supervisor.stop(['web'])
    await all.supervisor.start(['web'])
    expect(all.stateOf('web')).toBe('listening')
  })
})

describe('what is told', () => {
  test('a process that is given up is explained with its last words', async () => {
    const { supervisor, when, stateOf, said } = await start(
      declare('web', sh('echo the disk is full; exit 3'), { restart: createRestartSpec({ burst: 1, delayMs: 1 }) }),
      declare('front', sh(FOREVER), { dependsOn: { web: on('completed_successfully') } }),
      declare('rest', sh(FOREVER)),
    )
    await when(() => (stateOf('web') === 'failed' && stateOf('front') === 'failed' ? true : undefined))
    const explanation = supervisor.explain('web')
    expect(explanation).toMatchObject({
      summary: 'web is failed: it ended 2 times within 60 s; the last run exited with status 3',
      lastLines: ['the disk is full'],
      neededBy: ['front'],
    })
    expect(explanation.changes.at(-1)).toMatchObject({ label: 'web', from: 'clearing', to: 'failed' })
    expect(supervisor.explain('front').summary).toContain('"web" ended, and it had to be completed successfully')
    expect(said.join('\n')).toContain('web failed: it ended 2 times within 60 s; it exited with status 3; its last lines:\n  | the disk is full')
  })

  test('what waits for its next try says when it comes', async () => {
    const flapping = { attempts: 1, windowMs: 1000, retryInMs: 60_000, maxRetry: 5 }
    const { supervisor, when, stateOf } = await start(declare('web', sh('exit 3'), { restart: createRestartSpec({ flapping }) }))
    await when(() => (stateOf('web') === 'backoff' ? true : undefined))
    expect(supervisor.explain('web').summary).toMatch(
      /^web is waiting before it is started again: it is flapping: it ended once within 1 s; the last run exited with status 3; the next one begins in (?:59|60)\.\d s$/,
    )
    expect(supervisor.explain('web').restartPolicy).toContain('with a pause of 60 s after 1 ends within 1 s, 5 times')
  })

  test('events can be replayed from any of them', async () => {
    const { supervisor, pidsOf } = await start(declare('web', sh(FOREVER)))
    await supervisor.arrived
    const { events, missed } = supervisor.events.since(0)
    expect(missed).toBe(false)
    expect(events.map(({ kind, state, text }) => (kind === 'state' ? state : `${kind} ${text}`))).toEqual([
      'bundle is starting',
      'waiting',
      'starting',
      `spawned runs as pid ${pidsOf('web')[0]}`,
      'ready',
      'bundle is ready',
    ])
    expect(events.map(({ cursor }) => cursor)).toEqual(events.map((_, index) => index + 1))
  })
})
