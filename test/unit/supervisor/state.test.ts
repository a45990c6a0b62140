import { describe, expect, test } from 'vitest'
import { PROCESS_STATES } from '../../../runtime/contract/control.ts'
import type { ProcessState } from '../../../runtime/contract/control.ts'
import { createRecord, TABLE, transition } from '../../../runtime/supervisor/state.ts'
import type { Context, ProcessEvent, ProcessRecord, Transition } from '../../../runtime/supervisor/state.ts'
import { createInstanceSpec, createRestartSpec, createSpec } from '../../helpers/process-spec.ts'

const STARTUP = { check: { kind: 'notify' }, intervalMs: 50, timeoutMs: 30_000 } as const
const READY = { check: { kind: 'tcp', host: '127.0.0.1', port: 6379 }, intervalMs: 50, timeoutMs: 60_000, recheckMs: undefined, failureThreshold: 3 } as const
const HOOK = { command: ['/bin/true'], ignoreFailure: false, timeoutMs: 1000 }

const CONTEXT: Context = { spec: createSpec(), instance: createInstanceSpec({ ready: READY }), nowMs: 5000, epochMs: 1_000_000, random: 0.5 }

const EVENTS: readonly ProcessEvent[] = [
  { kind: 'start' },
  { kind: 'stop' },
  { kind: 'kill' },
  { kind: 'restart', reason: '"db" was restarted' },
  { kind: 'dependenciesMet' },
  { kind: 'dependencyFailed', reason: '"db" ended' },
  { kind: 'demanded' },
  { kind: 'due' },
  { kind: 'hookPassed', hook: 'afterSpawn' },
  { kind: 'hookFailed', hook: 'afterSpawn', reason: 'its hook said no' },
  { kind: 'spawned', pid: 7 },
  { kind: 'startupPassed' },
  { kind: 'ready' },
  { kind: 'unready', reason: 'no answer' },
  { kind: 'startTimeout', reason: 'no answer' },
  { kind: 'unhealthy', reason: 'no answer', action: 'restart' },
  { kind: 'exceeded', reason: 'too much memory', action: { signal: 'SIGUSR1' } },
  { kind: 'expired' },
  { kind: 'extended', byMs: 9000 },
  { kind: 'mainPid', pid: 8 },
  { kind: 'noticed', text: 'busy' },
  { kind: 'exit', exit: { kind: 'signal', signal: 'SIGKILL' } },
  { kind: 'cleared' },
  { kind: 'retry' },
  { kind: 'graceExpired' },
]

/**
 * `=` stays without effect, `+` stays with an effect, `!` cannot happen; otherwise the new state. Columns: what is
 * commanded | what is waited for | the start | the run | what it says | its end.
 */
const EXPECTED: Record<ProcessState, string> = {
  stopped: 'waiting = = waiting | = = ! ! | ! ! ! ! | ! ! ! ! ! ! | = = = | ! ! ! !',
  completed: 'waiting = = waiting | = = ! ! | ! ! ! ! | ! ! ! ! ! ! | = = = | ! ! ! !',
  failed: 'waiting = = waiting | = = ! ! | ! ! ! ! | ! ! ! ! ! ! | = = = | ! ! ! !',
  waiting: '= stopped stopped = | starting failed ! ! | ! ! ! ! | ! ! ! ! ! ! | = = = | ! ! ! !',
  scheduled: '= stopped stopped waiting | = = ! waiting | ! ! ! ! | ! ! ! ! ! ! | = = = | ! ! ! !',
  listening: '= stopped stopped = | = = waiting ! | ! ! ! ! | ! ! ! ! ! ! | = = = | ! ! ! !',
  preparing: '= stopped stopped waiting | = = ! ! | starting failed ! ! | ! ! ! ! ! ! | = = = | ! ! ! !',
  starting: '= stopping stopping stopping | = = ! ! | ! ! running ! | ! ! ! ! ! ! | = = = | clearing ! ! !',
  running: '= stopping stopping stopping | = = ! ! | = stopping ! = | ready = stopping stopping + stopping | = = = | clearing ! ! !',
  ready: '= stopping stopping stopping | = = ! ! | ! stopping ! ! | = running ! stopping + stopping | = = = | clearing ! ! !',
  stopping: '= = + = | = = ! ! | ! ! = ! | ! ! ! ! ! ! | + = = | clearing ! ! +',
  clearing: '= = + = | = = ! ! | ! ! ! ! | ! ! ! ! ! ! | = = = | ! waiting ! +',
  backoff: 'waiting stopped stopped waiting | = = ! ! | ! ! ! ! | ! ! ! ! ! ! | = = = | ! ! waiting !',
}

const STEP_IN: Partial<Record<ProcessState, ProcessRecord['step']>> = { running: 'ready' }

const recordIn = (state: ProcessState): ProcessRecord => ({
  ...createRecord(),
  state,
  wanted: true,
  step: STEP_IN[state],
  exit: { kind: 'signal', signal: 'SIGKILL' },
})

const summarize = (state: ProcessState, { record, effects }: Transition): string => {
  if (effects.some(({ kind }) => kind === 'reportImpossible')) return '!'
  if (record.state !== state) return record.state
  return effects.length === 0 ? '=' : '+'
}

describe('every cell of the table', () => {
  const cells = PROCESS_STATES.flatMap((state) => {
    const expected = EXPECTED[state].split(/[ |]+/)
    return EVENTS.map((event, index) => ({ state, event, kind: event.kind, expected: expected[index] }))
  })

  test.each(cells)('$kind while $state: $expected', ({ state, event, expected }) => {
    expect(summarize(state, transition(recordIn(state), event, CONTEXT))).toBe(expected)
  })

  test('no cell is missing from this test', () => {
    const kinds = EVENTS.map(({ kind }) => kind)
    for (const state of PROCESS_STATES) expect(Object.keys(TABLE[state]).toSorted()).toEqual(kinds.toSorted())
  })
})

/** Feeds events one after another; returns the last transition. */
const follow = (events: readonly ProcessEvent[], context: Context = CONTEXT, first: ProcessRecord = createRecord()): Transition =>
  events.reduce<Transition>(({ record }, event) => transition(record, event, context), { record: first, effects: [] })

const withSpec = (overrides: Parameters<typeof createSpec>[0], instance: Parameters<typeof createInstanceSpec>[0] = {}): Context => ({
  ...CONTEXT,
  spec: createSpec(overrides),
  instance: createInstanceSpec({ ready: READY, ...instance }),
})

const BEGIN: readonly ProcessEvent[] = [{ kind: 'start' }, { kind: 'dependenciesMet' }, { kind: 'spawned', pid: 7 }]
const UP: readonly ProcessEvent[] = [...BEGIN, { kind: 'ready' }]
const KILLED: ProcessEvent = { kind: 'exit', exit: { kind: 'signal', signal: 'SIGKILL' } }
const DONE: ProcessEvent = { kind: 'exit', exit: { kind: 'code', code: 0 } }
const CLEARED: ProcessEvent = { kind: 'cleared' }
const STOP_LOOKING = [{ kind: 'stopObserving' }, { kind: 'cancelTimer', timer: 'age' }]

describe('the way up', () => {
  test('a process without a readiness check is ready as soon as its program runs', () => {
    const { record } = follow(BEGIN, withSpec({}, { ready: undefined }))
    expect(record).toMatchObject({ state: 'ready', readyAtMs: 5000, pid: 7, starts: 1 })
  })

  test('hook, startup check and readiness check follow one another; liveness and limits begin after the startup', () => {
    const context = withSpec({}, { startup: STARTUP, hooks: { beforeSpawn: HOOK, afterSpawn: HOOK } })
    const hooked = follow([{ kind: 'start' }, { kind: 'dependenciesMet' }], context)
    expect(hooked).toMatchObject({ record: { state: 'preparing' }, effects: [{ kind: 'runHook', hook: 'beforeSpawn' }] })
    const spawning = follow([{ kind: 'hookPassed', hook: 'beforeSpawn' }], context, hooked.record)
    expect(spawning).toMatchObject({ record: { state: 'starting' }, effects: [{ kind: 'spawn' }] })
    const running = follow([{ kind: 'spawned', pid: 7 }], context, spawning.record)
    expect(running).toMatchObject({ record: { state: 'running', step: 'afterSpawn' }, effects: [{ kind: 'runHook', hook: 'afterSpawn' }] })
    const startingUp = follow([{ kind: 'hookPassed', hook: 'afterSpawn' }], context, running.record)
    expect(startingUp).toMatchObject({ record: { step: 'startup' }, effects: [{ kind: 'startProbe', step: 'startup' }] })
    const startedUp = follow([{ kind: 'startupPassed' }], context, startingUp.record)
    expect(startedUp.record).toMatchObject({ state: 'running', step: 'ready' })
    expect(startedUp.effects.map(({ kind }) => kind)).toEqual(['stopProbe', 'startObserving', 'startProbe'])
    expect(follow([{ kind: 'ready' }], context, startedUp.record).effects.map(({ kind }) => kind)).toEqual(['stopProbe'])
  })

  test('a hook before the start that fails prevents it', () => {
    const context = withSpec({}, { hooks: { beforeSpawn: HOOK } })
    const events: readonly ProcessEvent[] = [{ kind: 'start' }, { kind: 'dependenciesMet' }, { kind: 'hookFailed', hook: 'beforeSpawn', reason: 'no' }]
    expect(follow(events, context)).toMatchObject({ record: { state: 'failed', wanted: false, reason: 'no' }, effects: [] })
  })

  test('a hook that fails when all are ready stops the process, and for good', () => {
    const { record } = follow([...UP, { kind: 'hookFailed', hook: 'afterStart', reason: 'no' }, DONE, CLEARED])
    expect(record).toMatchObject({ state: 'failed', wanted: false, reason: 'no' })
  })

  test('a hook after the start that fails stops the process, and for good', () => {
    const context = withSpec({}, { hooks: { afterSpawn: HOOK } })
    const { record } = follow([...BEGIN, { kind: 'hookFailed', hook: 'afterSpawn', reason: 'no' }, DONE, CLEARED], context)
    expect(record).toMatchObject({ state: 'failed', wanted: false, reason: 'no', crashes: 0 })
  })

  test('readiness that is lost and found again restarts nothing', () => {
    const context = withSpec({}, { ready: { ...READY, recheckMs: 1000 } })
    const ready = follow(UP, context)
    expect(ready.effects).toContainEqual({ kind: 'startRecheck' })
    const lost = follow([{ kind: 'unready', reason: 'no answer' }], context, ready.record)
    expect(lost).toMatchObject({ record: { state: 'running', step: 'recheck', reason: 'no answer' }, effects: [] })
    expect(follow([{ kind: 'ready' }], context, lost.record)).toMatchObject({ record: { state: 'ready', reason: '', readyAtMs: 5000 }, effects: [] })
  })

  test.each([
    ['startup', [], 'it did not start up in time: no answer'],
    ['ready', [{ kind: 'startupPassed' }], 'it did not become ready in time: no answer'],
  ] as const)('a process that misses the deadline of %s is stopped and counts as failed', (_step, passed, reason) => {
    const context = withSpec({}, { startup: STARTUP })
    const late = follow([...BEGIN, ...passed, { kind: 'startTimeout', reason: 'no answer' }], context)
    expect(late.record).toMatchObject({ state: 'stopping', intent: 'unready', reason })
    expect(follow([DONE, CLEARED], context, late.record).record).toMatchObject({ state: 'waiting', history: { unreadyRuns: 1 }, crashes: 0 })
  })

  test('what it says of itself is kept until its next run', () => {
    const said = follow([...UP, { kind: 'noticed', text: 'reading the disk' }, KILLED, CLEARED])
    expect(said.record.notice).toBe('reading the disk')
    expect(follow([{ kind: 'dependenciesMet' }], CONTEXT, said.record).record.notice).toBe('')
  })

  test('another main process takes the place of the first, but only in a run', () => {
    expect(follow([...UP, { kind: 'mainPid', pid: 8 }]).record.pid).toBe(8)
    expect(follow([{ kind: 'mainPid', pid: 8 }]).record.pid).toBeUndefined()
  })
})

describe('the way down', () => {
  test('a stop that was asked for is no crash, whatever the exit looks like', () => {
    const { record } = follow([...UP, { kind: 'stop' }, KILLED, CLEARED])
    expect(record).toMatchObject({ state: 'stopped', restarts: 0, crashes: 0, history: { failuresAtMs: [] } })
  })

  test('a stop sends the signal, then waits for the grace time', () => {
    expect(follow([...UP, { kind: 'stop' }]).effects).toEqual([
      ...STOP_LOOKING,
      { kind: 'sendSignal', signal: 'SIGTERM', isStop: true },
      { kind: 'startTimer', timer: 'grace', afterMs: 10_000 },
    ])
  })

  test('stop signals follow one another, each with its time, and SIGKILL is the last', () => {
    const context = withSpec({
      stopSteps: [
        { signal: 'SIGINT', waitMs: 100 },
        { signal: 'SIGTERM', waitMs: 200 },
      ],
    })
    const first = follow([...UP, { kind: 'stop' }], context)
    expect(first.effects).toContainEqual({ kind: 'sendSignal', signal: 'SIGINT', isStop: true })
    const second = follow([{ kind: 'graceExpired' }], context, first.record)
    expect(second).toMatchObject({ record: { overdue: false }, effects: [{ signal: 'SIGTERM' }, { timer: 'grace', afterMs: 200 }] })
    expect(follow([{ kind: 'graceExpired' }], context, second.record)).toMatchObject({ record: { overdue: true }, effects: [{ kind: 'killSession' }] })
  })

  test('a command may say how to stop', () => {
    const { effects } = follow([...UP, { kind: 'stop', steps: [{ signal: 'SIGINT', waitMs: 70 }] }])
    expect(effects).toEqual(
      expect.arrayContaining([
        { kind: 'sendSignal', signal: 'SIGINT', isStop: true },
        { kind: 'startTimer', timer: 'grace', afterMs: 70 },
      ]),
    )
  })

  test('what stops may ask for more time, until it is killed', () => {
    const stopping = follow([...UP, { kind: 'stop' }])
    const more = follow([{ kind: 'extended', byMs: 60_000 }], CONTEXT, stopping.record)
    expect(more.effects).toEqual([{ kind: 'startTimer', timer: 'grace', afterMs: 60_000 }])
    expect(follow([{ kind: 'extended', byMs: 1 }], CONTEXT, more.record).effects).toEqual([{ kind: 'startTimer', timer: 'grace', afterMs: 60_000 }])
    expect(follow([{ kind: 'graceExpired' }, { kind: 'extended', byMs: 60_000 }], CONTEXT, more.record).effects).toEqual([])
  })

  test('leftovers of a crash get a short grace, leftovers of a stop the rest of theirs', () => {
    expect(follow([...UP, KILLED]).effects).toContainEqual({ kind: 'startTimer', timer: 'grace', afterMs: 1000 })
    expect(follow([...UP, { kind: 'stop' }, KILLED]).effects).toEqual([...STOP_LOOKING, { kind: 'clearSession' }])
  })

  test('start during a stop means restart, without delay and with nothing counted', () => {
    const { record } = follow([...UP, { kind: 'stop' }, { kind: 'start' }, KILLED, CLEARED])
    expect(record).toMatchObject({ state: 'waiting', wanted: true, restarts: 0, crashes: 0, history: { failuresAtMs: [] } })
  })

  test('stop during the clearing after a crash prevents the restart', () => {
    expect(follow([...UP, KILLED, { kind: 'stop' }, CLEARED]).record.state).toBe('stopped')
  })

  test('a restart by command is no crash and does not wait', () => {
    const { record } = follow([...UP, { kind: 'restart', reason: '"db" was restarted' }, KILLED, CLEARED])
    expect(record).toMatchObject({ state: 'waiting', restarts: 0, crashes: 0, history: { attempt: 0 } })
  })

  test('a stop outweighs the restart in progress', () => {
    expect(follow([...UP, { kind: 'restart', reason: '' }, { kind: 'stop' }, DONE, CLEARED]).record.state).toBe('stopped')
  })
})

describe('after the end', () => {
  test('the first crash is followed by a start at once, the second by a delay', () => {
    const first = follow([...UP, KILLED, CLEARED])
    expect(first.record).toMatchObject({ state: 'waiting', restarts: 1, crashes: 1 })
    const second = follow([...UP.slice(1), KILLED, CLEARED], CONTEXT, first.record)
    expect(second.record).toMatchObject({ state: 'backoff', retryAtMs: 5050, crashes: 2 })
    expect(second.effects).toContainEqual({ kind: 'startTimer', timer: 'retry', afterMs: 50 })
  })

  test('a successful end completes an on-failure process', () => {
    expect(follow([...UP, DONE, CLEARED]).record).toMatchObject({ state: 'completed', wanted: false, succeeded: true, crashes: 0 })
  })

  test('what counts as success is declared', () => {
    const context = withSpec({ restart: createRestartSpec({ successStatuses: ['SIGKILL'] }) })
    expect(follow([...UP, KILLED, CLEARED], context).record).toMatchObject({ state: 'completed', succeeded: true })
  })

  test('a oneshot is done when it has succeeded, also where everything else is restarted', () => {
    const context = withSpec({ oneshot: true, restart: createRestartSpec({ policy: 'always' }) })
    expect(follow([...UP, DONE, CLEARED], context).record.state).toBe('completed')
    expect(follow([...UP, KILLED, CLEARED], context).record.state).toBe('waiting')
  })

  test('a program that cannot be executed is tried again, after a pause, and then given up', () => {
    const exit = { kind: 'exit', exit: { kind: 'spawnFailed', status: 127, message: 'no such file' } } as const
    const context = withSpec({ restart: createRestartSpec({ maxRetry: 1 }) })
    const first = follow([...UP.slice(0, 2), exit, CLEARED], context)
    expect(first.record).toMatchObject({ state: 'backoff', history: { spawnFailures: 1 } })
    const last = follow([{ kind: 'retry' }, { kind: 'dependenciesMet' }, exit, CLEARED], context, first.record)
    expect(last.record).toMatchObject({ state: 'failed', reason: 'no such file' })
  })

  test.each([
    ['unhealthy', { kind: 'unhealthy', reason: 'no answer', action: 'restart' }],
    ['exceeded', { kind: 'exceeded', reason: 'no answer', action: 'restart' }],
  ] as const)('%s: stopped and started again, and it counts', (_kind, event) => {
    const stopping = follow([...UP, event])
    expect(stopping.record).toMatchObject({ state: 'stopping', intent: 'unhealthy', reason: 'no answer', wanted: true })
    expect(follow([DONE, CLEARED], CONTEXT, stopping.record).record).toMatchObject({ state: 'waiting', restarts: 1, history: { attempt: 1 } })
  })

  test('unhealthy may also mean a signal, and it goes on', () => {
    const { record, effects } = follow([...UP, { kind: 'unhealthy', reason: 'no answer', action: { signal: 'SIGABRT' } }])
    expect(effects).toEqual([{ kind: 'sendSignal', signal: 'SIGABRT', isStop: false }])
    expect(record).toMatchObject({ state: 'ready', reason: 'no answer' })
  })

  test('its age is drawn anew for each run, and renewal is no failure', () => {
    const context = withSpec({ maxAgeMs: 10_000, maxAgeVarianceMs: 4000 })
    expect(follow(BEGIN, context).effects).toContainEqual({ kind: 'startTimer', timer: 'age', afterMs: 12_000 })
    expect(follow(BEGIN, { ...context, random: 0 }).effects).toContainEqual({ kind: 'startTimer', timer: 'age', afterMs: 10_000 })
    const { record } = follow([...UP, { kind: 'expired' }, DONE, CLEARED], context)
    expect(record).toMatchObject({ state: 'waiting', restarts: 1, crashes: 0, history: { attempt: 0 } })
  })
})

test('an age beyond what a timer can wait is waited for in parts', () => {
  const context = withSpec({ maxAgeMs: 5_000_000_000, maxAgeVarianceMs: 0 })
  const young = follow(UP, context)
  expect(follow(BEGIN, context).effects).toContainEqual({ kind: 'startTimer', timer: 'age', afterMs: 2_147_483_647 })
  const older = follow([{ kind: 'expired' }], context, young.record)
  expect(older).toMatchObject({ record: { state: 'ready', wanted: true }, effects: [{ kind: 'startTimer', timer: 'age', afterMs: 2_147_483_647 }] })
  const old = follow([{ kind: 'expired' }], context, older.record)
  expect(old.effects).toEqual([{ kind: 'startTimer', timer: 'age', afterMs: 705_032_706 }])
  expect(follow([{ kind: 'expired' }], context, old.record).record).toMatchObject({ state: 'stopping', intent: 'expired' })
})

const every = (ms: number, runOnStart = false) => ({ nextRunMs: (after: number) => after + ms, runOnStart, text: 'every so often' })

describe('schedules', () => {
  test('it waits for its time, runs, and waits again; whoever has started it has nothing else to do', () => {
    const context = withSpec({ schedule: every(500) }, { ready: undefined })
    const armed = follow([{ kind: 'start' }], context)
    expect(armed).toMatchObject({ record: { state: 'scheduled', dueAtEpochMs: 1_000_500 } })
    expect(armed.effects).toContainEqual({ kind: 'startTimer', timer: 'schedule', afterMs: 500 })
    const later = { ...context, epochMs: 1_000_500 }
    const { record } = follow([{ kind: 'due' }, ...UP.slice(1, 3), DONE, CLEARED], later, armed.record)
    expect(record).toMatchObject({ state: 'scheduled', dueAtEpochMs: 1_001_000, succeeded: true, wanted: true })
  })

  test('a timer that comes before the clock says so is set again', () => {
    const context = withSpec({ schedule: every(500) })
    const early = follow([{ kind: 'start' }, { kind: 'due' }], context)
    expect(early).toMatchObject({ record: { state: 'scheduled' }, effects: [{ kind: 'startTimer', afterMs: 500 }] })
  })

  test('a time that is far away is reached in steps, since the clock may be set meanwhile', () => {
    const context = withSpec({ schedule: every(1e12) })
    const armed = follow([{ kind: 'start' }], context)
    expect(armed.effects).toContainEqual({ kind: 'startTimer', timer: 'schedule', afterMs: 60_000 })
    expect(follow([{ kind: 'due' }], { ...context, epochMs: 2e12 }, armed.record).record.state).toBe('waiting')
  })

  test('it may run at the start, too', () => {
    expect(follow([{ kind: 'start' }], withSpec({ schedule: every(500, true) })).record.state).toBe('waiting')
  })

  test('when there is no next time it is complete', () => {
    const schedule = { ...every(0), nextRunMs: () => undefined }
    expect(follow([{ kind: 'start' }], withSpec({ schedule })).record).toMatchObject({ state: 'completed', succeeded: true })
  })

  test('what fails for good tries again at its next time', () => {
    const context = withSpec({ schedule: every(500), restart: createRestartSpec({ burst: 0 }) }, { ready: undefined })
    const later = { ...context, epochMs: 1_000_500 }
    const { record } = follow([{ kind: 'start' }, { kind: 'due' }, ...UP.slice(1, 3), KILLED, CLEARED], later, follow([{ kind: 'start' }], context).record)
    expect(record).toMatchObject({ state: 'scheduled', succeeded: false, reason: 'it ended 1 times within 60 s' })
  })
})

describe('on demand', () => {
  const context = withSpec({ onDemand: true, sockets: ['web'] }, { ready: undefined })
  const DEMANDED: readonly ProcessEvent[] = [{ kind: 'demanded' }, ...UP.slice(1, 3)]

  test('the first connection starts it', () => {
    const listening = follow([{ kind: 'start' }], context)
    expect(listening.effects).toContainEqual({ kind: 'awaitDemand' })
    expect(follow(DEMANDED, context, listening.record).record.state).toBe('ready')
  })

  test('when it has done its work it waits for the next connection', () => {
    expect(follow([{ kind: 'start' }, ...DEMANDED, DONE, CLEARED], context)).toMatchObject({ record: { state: 'listening' } })
  })

  test('ending again and again without taking the connection is limited', () => {
    const once = follow([{ kind: 'start' }, ...DEMANDED, DONE, CLEARED], context)
    const twice = follow([...DEMANDED, DONE, CLEARED], context, once.record)
    expect(twice.record).toMatchObject({ state: 'backoff' })
    expect(follow([{ kind: 'retry' }], context, twice.record)).toMatchObject({ record: { state: 'listening' }, effects: [{ kind: 'awaitDemand' }] })
  })

  test('a stop forgets the socket', () => {
    expect(follow([{ kind: 'start' }, { kind: 'stop' }], context).effects).toContainEqual({ kind: 'ignoreDemand' })
  })
})
