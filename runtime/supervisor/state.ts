// The life of one process as a table: state x event -> new record and effects. Pure; the runner carries the
// effects out. What is wanted is kept apart from what is the case, and a stop that was asked for is no crash.

import type { ProcessState } from '../contract/control.ts'
import type { ProcessSpec } from '../contract/process-spec.ts'
import { decideRestart, NO_HISTORY } from './restart.ts'
import type { EndedRun, RestartHistory } from './restart.ts'

export type ChildExit =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'spawnFailed'; readonly status: 125 | 126 | 127; readonly message: string }

export type ProcessEvent =
  | { readonly kind: 'start' | 'stop' | 'kill' | 'dependenciesMet' | 'ready' | 'readyTimeout' }
  | { readonly kind: 'cleared' | 'retry' | 'graceExpired' }
  | { readonly kind: 'dependencyFailed'; readonly reason: string }
  | { readonly kind: 'spawned'; readonly pid: number }
  | { readonly kind: 'exit'; readonly exit: ChildExit }

export type Effect =
  | { readonly kind: 'spawn' | 'signalStop' | 'killSession' | 'clearSession' | 'startProbe' | 'stopProbe' }
  | { readonly kind: 'startTimer'; readonly timer: 'grace' | 'retry'; readonly afterMs: number }
  | { readonly kind: 'cancelTimer'; readonly timer: 'grace' | 'retry' }
  | { readonly kind: 'reportImpossible'; readonly event: ProcessEvent['kind']; readonly state: ProcessState }

export type ProcessRecord = {
  readonly state: ProcessState
  readonly wanted: boolean
  /** The stop in progress was asked for. */
  readonly commanded: boolean
  /** The run in progress was stopped because it did not become ready. */
  readonly unready: boolean
  /** Its time to stop is over, or that of its leftovers. */
  readonly overdue: boolean
  readonly pid: number | undefined
  readonly exit: ChildExit | undefined
  readonly spawnedAtMs: number
  readonly readyAtMs: number | undefined
  readonly retryAtMs: number | undefined
  readonly restarts: number
  readonly history: RestartHistory
  /** Why it failed or is held up; empty when the state says all. */
  readonly reason: string
}

export type Context = { readonly spec: ProcessSpec; readonly nowMs: number; readonly random: number }
export type Transition = { readonly record: ProcessRecord; readonly effects: readonly Effect[] }

export const createRecord = (): ProcessRecord => ({
  state: 'stopped',
  wanted: false,
  commanded: false,
  unready: false,
  overdue: false,
  pid: undefined,
  exit: undefined,
  spawnedAtMs: 0,
  readyAtMs: undefined,
  retryAtMs: undefined,
  restarts: 0,
  history: NO_HISTORY,
  reason: '',
})

export const transition = (record: ProcessRecord, event: ProcessEvent, context: Context): Transition =>
  TABLE[record.state][event.kind](absorb(record, event), context, event.kind)

/** The facts that an event carries, noted before its cell is looked up. */
const absorb = (record: ProcessRecord, event: ProcessEvent): ProcessRecord => {
  if (event.kind === 'spawned') return { ...record, pid: event.pid }
  if (event.kind === 'exit') return { ...record, exit: event.exit }
  return event.kind === 'dependencyFailed' ? { ...record, reason: event.reason } : record
}

type Cell = (record: ProcessRecord, context: Context, event: ProcessEvent['kind']) => Transition

const ignore: Cell = (record) => ({ record, effects: [] })

const impossible: Cell = (record, _context, event) => ({
  record,
  effects: [{ kind: 'reportImpossible', event, state: record.state }],
})

/** A fresh start by command: what happened before no longer counts. */
const begin: Cell = (record) => ({
  record: { ...record, state: 'waiting', wanted: true, history: NO_HISTORY, retryAtMs: undefined, reason: '' },
  effects: [{ kind: 'cancelTimer', timer: 'retry' }],
})

const spawn: Cell = (record, { nowMs }) => ({
  record: {
    ...record,
    state: 'starting',
    commanded: false,
    unready: false,
    overdue: false,
    pid: undefined,
    spawnedAtMs: nowMs,
    readyAtMs: undefined,
    reason: '',
  },
  effects: [{ kind: 'spawn' }],
})

const fail: Cell = (record) => ({ record: { ...record, state: 'failed', wanted: false }, effects: [] })

const rest: Cell = (record) => ({
  record: { ...record, state: 'stopped', wanted: false, retryAtMs: undefined, reason: '' },
  effects: [{ kind: 'cancelTimer', timer: 'retry' }],
})

const run: Cell = (record, { spec, nowMs }) =>
  spec.ready === undefined
    ? { record: { ...record, state: 'ready', readyAtMs: nowMs }, effects: [] }
    : { record: { ...record, state: 'running' }, effects: [{ kind: 'startProbe' }] }

const becomeReady: Cell = (record, { nowMs }) => ({
  record: { ...record, state: 'ready', readyAtMs: nowMs },
  effects: [{ kind: 'stopProbe' }],
})

const stop: Cell = (record, { spec }) => ({
  record: { ...record, state: 'stopping', wanted: false, commanded: true },
  effects: [{ kind: 'stopProbe' }, { kind: 'signalStop' }, { kind: 'startTimer', timer: 'grace', afterMs: spec.gracefulTimeoutMs }],
})

const stopUnready: Cell = (record, context) => {
  const stopped = stop(record, context, 'stop')
  return { ...stopped, record: { ...stopped.record, wanted: true, commanded: false, unready: true } }
}

const kill: Cell = (record) => ({
  record: { ...record, state: 'stopping', wanted: false, commanded: true },
  effects: [{ kind: 'stopProbe' }, { kind: 'cancelTimer', timer: 'grace' }, { kind: 'killSession' }],
})

const killRest: Cell = (record) => ({
  record: { ...record, wanted: false, commanded: true },
  effects: [{ kind: 'killSession' }],
})

const escalate: Cell = (record) => ({ record: { ...record, overdue: true }, effects: [{ kind: 'killSession' }] })

const wantUp: Cell = (record) => ({ record: { ...record, wanted: true }, effects: [] })

const wantDown: Cell = (record) => ({ record: { ...record, wanted: false, commanded: true }, effects: [] })

/** The leader is gone; what it leaves behind in its session may hold ports and files that the next run needs. */
const clear: Cell = (record, { spec }) => ({
  record: { ...record, state: 'clearing', pid: undefined },
  effects: [
    { kind: 'stopProbe' },
    { kind: 'clearSession' },
    ...(record.state === 'stopping' ? [] : [{ kind: 'startTimer', timer: 'grace', afterMs: Math.min(spec.gracefulTimeoutMs, CRASH_GRACE_MS) } as const]),
  ],
})

/** After a crash the leftovers only delay the restart. */
const CRASH_GRACE_MS = 1000

const afterClearing: Cell = (record, context) => {
  const next = record.commanded ? afterCommand(record, context) : afterCrash(record, context)
  return { ...next, effects: [{ kind: 'cancelTimer', timer: 'grace' }, ...next.effects] }
}

const afterCommand = (record: ProcessRecord, context: Context): Transition =>
  record.wanted ? begin({ ...record, restarts: record.restarts + 1 }, context, 'start') : rest(record, context, 'stop')

const afterCrash = (record: ProcessRecord, { spec, nowMs, random }: Context): Transition => {
  const ended = describeRun(record, nowMs)
  const decision = decideRestart({ run: ended, history: record.history, spec: spec.restart, nowMs, random })
  if (decision.kind === 'complete') return { record: { ...record, state: 'completed', wanted: false }, effects: [] }
  if (decision.kind === 'fail') return fail({ ...record, reason: decision.reason }, { spec, nowMs, random }, 'cleared')
  const again = { ...record, history: decision.history, restarts: record.restarts + 1 }
  if (decision.delayMs === 0) return { record: { ...again, state: 'waiting' }, effects: [] }
  return {
    record: { ...again, state: 'backoff', retryAtMs: nowMs + decision.delayMs },
    effects: [{ kind: 'startTimer', timer: 'retry', afterMs: decision.delayMs }],
  }
}

const describeRun = ({ exit, unready, readyAtMs }: ProcessRecord, nowMs: number): EndedRun => {
  const readyMs = readyAtMs === undefined ? 0 : nowMs - readyAtMs
  if (unready) return { outcome: 'unready', readyMs }
  if (exit?.kind === 'spawnFailed') return { outcome: exit.status === 125 ? 'failure' : 'impossible', readyMs }
  return { outcome: exit?.kind === 'code' && exit.code === 0 ? 'success' : 'failure', readyMs }
}

const retry: Cell = (record) => ({ record: { ...record, state: 'waiting', retryAtMs: undefined }, effects: [] })

const NOTHING_RUNS = {
  spawned: impossible,
  ready: impossible,
  readyTimeout: impossible,
  exit: impossible,
  cleared: impossible,
  retry: impossible,
  graceExpired: impossible,
} satisfies Partial<Record<ProcessEvent['kind'], Cell>>

const NO_DEPENDENCY_MATTERS = { dependenciesMet: ignore, dependencyFailed: ignore }

const AT_REST = { ...NOTHING_RUNS, ...NO_DEPENDENCY_MATTERS, start: begin, stop: ignore, kill: ignore }

export const TABLE: Readonly<Record<ProcessState, Readonly<Record<ProcessEvent['kind'], Cell>>>> = {
  stopped: AT_REST,
  completed: AT_REST,
  failed: AT_REST,
  waiting: { ...NOTHING_RUNS, start: ignore, stop: rest, kill: rest, dependenciesMet: spawn, dependencyFailed: fail },
  backoff: { ...NOTHING_RUNS, ...NO_DEPENDENCY_MATTERS, start: begin, stop: rest, kill: rest, retry },
  starting: { ...NOTHING_RUNS, ...NO_DEPENDENCY_MATTERS, start: ignore, stop, kill, spawned: run, exit: clear },
  running: {
    ...NOTHING_RUNS,
    ...NO_DEPENDENCY_MATTERS,
    start: ignore,
    stop,
    kill,
    ready: becomeReady,
    readyTimeout: stopUnready,
    exit: clear,
  },
  ready: { ...NOTHING_RUNS, ...NO_DEPENDENCY_MATTERS, start: ignore, stop, kill, exit: clear },
  stopping: {
    ...NOTHING_RUNS,
    ...NO_DEPENDENCY_MATTERS,
    start: wantUp,
    stop: wantDown,
    kill,
    // The signal may reach the shim just as the program replaces it.
    spawned: ignore,
    exit: clear,
    graceExpired: escalate,
  },
  clearing: {
    ...NOTHING_RUNS,
    ...NO_DEPENDENCY_MATTERS,
    start: wantUp,
    stop: wantDown,
    kill: killRest,
    cleared: afterClearing,
    graceExpired: escalate,
  },
}
