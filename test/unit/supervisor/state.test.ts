import { describe, expect, test } from 'vitest'
import { PROCESS_STATES } from '../../../runtime/contract/control.ts'
import type { ProcessState } from '../../../runtime/contract/control.ts'
import { createRecord, TABLE, transition } from '../../../runtime/supervisor/state.ts'
import type { Context, ProcessEvent, ProcessRecord, Transition } from '../../../runtime/supervisor/state.ts'
import { createSpec } from '../../helpers/process-spec.ts'

const CONTEXT: Context = { spec: createSpec(), nowMs: 5000, random: 0.5 }

const EVENTS: readonly ProcessEvent[] = [
  { kind: 'start' },
  { kind: 'stop' },
  { kind: 'kill' },
  { kind: 'dependenciesMet' },
  { kind: 'dependencyFailed', reason: '"db" ended' },
  { kind: 'spawned', pid: 7 },
  { kind: 'ready' },
  { kind: 'readyTimeout' },
  { kind: 'exit', exit: { kind: 'signal', signal: 'SIGKILL' } },
  { kind: 'cleared' },
  { kind: 'retry' },
  { kind: 'graceExpired' },
]

/** `=` stays without effect, `+` stays with an effect, `!` cannot happen. The order is that of EVENTS. */
const EXPECTED: Record<ProcessState, string> = {
  stopped: 'waiting = = = = ! ! ! ! ! ! !',
  waiting: '= stopped stopped starting failed ! ! ! ! ! ! !',
  starting: '= stopping stopping = = running ! ! clearing ! ! !',
  running: '= stopping stopping = = ! ready stopping clearing ! ! !',
  ready: '= stopping stopping = = ! ! ! clearing ! ! !',
  stopping: '= = + = = = ! ! clearing ! ! +',
  clearing: '= = + = = ! ! ! ! waiting ! +',
  backoff: 'waiting stopped stopped = = ! ! ! ! ! waiting !',
  completed: 'waiting = = = = ! ! ! ! ! ! !',
  failed: 'waiting = = = = ! ! ! ! ! ! !',
}

const recordIn = (state: ProcessState): ProcessRecord => ({
  ...createRecord(),
  state,
  wanted: true,
  exit: { kind: 'signal', signal: 'SIGKILL' },
})

const summarize = (state: ProcessState, { record, effects }: Transition): string => {
  if (effects.some(({ kind }) => kind === 'reportImpossible')) return '!'
  if (record.state !== state) return record.state
  return effects.length === 0 ? '=' : '+'
}

describe('every cell of the table', () => {
  const cells = PROCESS_STATES.flatMap((state) => {
    const expected = EXPECTED[state].split(' ')
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
const follow = (events: readonly ProcessEvent[], context: Context = CONTEXT): Transition =>
  events.reduce<Transition>(({ record }, event) => transition(record, event, context), { record: createRecord(), effects: [] })

const UP: readonly ProcessEvent[] = [{ kind: 'start' }, { kind: 'dependenciesMet' }, { kind: 'spawned', pid: 7 }, { kind: 'ready' }]
const KILLED: ProcessEvent = { kind: 'exit', exit: { kind: 'signal', signal: 'SIGKILL' } }
const DONE: ProcessEvent = { kind: 'exit', exit: { kind: 'code', code: 0 } }

test('a process without a readiness check is ready as soon as its program runs', () => {
  const context = { ...CONTEXT, spec: createSpec({ ready: undefined }) }
  expect(follow(UP.slice(0, 3), context).record).toMatchObject({ state: 'ready', readyAtMs: 5000, pid: 7 })
})

test('a stop that was asked for is no crash, whatever the exit looks like', () => {
  const { record } = follow([...UP, { kind: 'stop' }, KILLED, { kind: 'cleared' }])
  expect(record).toMatchObject({ state: 'stopped', restarts: 0, history: { failuresAtMs: [] } })
})

test('a stop sends the signal, then waits for the grace time', () => {
  expect(follow([...UP, { kind: 'stop' }]).effects).toEqual([
    { kind: 'stopProbe' },
    { kind: 'signalStop' },
    { kind: 'startTimer', timer: 'grace', afterMs: 10_000 },
  ])
})

test('start during a stop means restart, without delay and without a crash counted', () => {
  const { record } = follow([...UP, { kind: 'stop' }, { kind: 'start' }, KILLED, { kind: 'cleared' }])
  expect(record).toMatchObject({ state: 'waiting', wanted: true, history: { failuresAtMs: [] } })
})

test('stop during the clearing after a crash prevents the restart', () => {
  expect(follow([...UP, KILLED, { kind: 'stop' }, { kind: 'cleared' }]).record.state).toBe('stopped')
})

test('the first crash is followed by a start at once, the second by a delay', () => {
  const first = follow([...UP, KILLED, { kind: 'cleared' }])
  expect(first.record).toMatchObject({ state: 'waiting', restarts: 1 })
  const again = [...UP.slice(1), KILLED, { kind: 'cleared' } as const]
  const second = again.reduce<Transition>(({ record }, event) => transition(record, event, CONTEXT), first)
  expect(second.record).toMatchObject({ state: 'backoff', retryAtMs: 5050 })
  expect(second.effects).toContainEqual({ kind: 'startTimer', timer: 'retry', afterMs: 50 })
})

test('a successful end completes an on-failure process', () => {
  expect(follow([...UP, DONE, { kind: 'cleared' }]).record).toMatchObject({ state: 'completed', wanted: false })
})

test('a process that does not become ready is stopped and counts as failed', () => {
  const { record } = follow([...UP.slice(0, 3), { kind: 'readyTimeout' }, DONE, { kind: 'cleared' }])
  expect(record).toMatchObject({ state: 'waiting', history: { unreadyRuns: 1 } })
})

test('a program that cannot be executed fails at once', () => {
  const exit = { kind: 'spawnFailed', status: 127, message: 'no such file' } as const
  const { record } = follow([...UP.slice(0, 2), { kind: 'exit', exit }, { kind: 'cleared' }])
  expect(record).toMatchObject({ state: 'failed', reason: 'its program cannot be run' })
})

test('leftovers of a crash get a short grace, leftovers of a stop the rest of theirs', () => {
  expect(follow([...UP, KILLED]).effects).toContainEqual({ kind: 'startTimer', timer: 'grace', afterMs: 1000 })
  expect(follow([...UP, { kind: 'stop' }, KILLED]).effects).toEqual([{ kind: 'stopProbe' }, { kind: 'clearSession' }])
})
