// What is known about one instance of a process, what can happen to it, and what is to be done then.

import type { ProcessState } from '../contract/control.ts'
import type { ErrorCode } from '../contract/errors.ts'
import type { CorrectiveAction, InstanceSpec, ProcessSpec, StopStep } from '../contract/process-spec.ts'
import { NO_HISTORY } from './restart.ts'
import type { RestartHistory } from './restart.ts'

export type ChildExit =
  | { readonly kind: 'code'; readonly code: number }
  /** `isEarly`: before its program ran. */
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals; readonly isEarly?: boolean }
  | { readonly kind: 'spawnFailed'; readonly status: 125 | 126 | 127; readonly message: string; readonly code?: ErrorCode }

/** Hooks of a run that can prevent it; the others are nobody's news. */
export type StartHook = 'beforeSpawn' | 'afterSpawn' | 'afterStart'

export type ProcessEvent =
  | { readonly kind: 'start' | 'kill' | 'dependenciesMet' | 'demanded' | 'due' }
  /** Instead of the declared steps. */
  | { readonly kind: 'stop'; readonly steps?: readonly StopStep[] }
  /** Down and up again, and no crash; what has a schedule runs now. */
  | { readonly kind: 'restart'; readonly reason: string }
  | { readonly kind: 'dependencyFailed'; readonly reason: string }
  | { readonly kind: 'hookPassed'; readonly hook: StartHook }
  | { readonly kind: 'hookFailed'; readonly hook: StartHook; readonly reason: string }
  | { readonly kind: 'spawned'; readonly pid: number }
  | { readonly kind: 'startupPassed' | 'ready' }
  | { readonly kind: 'unready' | 'startTimeout'; readonly reason: string }
  | { readonly kind: 'unhealthy' | 'exceeded'; readonly reason: string; readonly action: CorrectiveAction }
  | { readonly kind: 'expired' }
  /** It asks for more time to stop (EXTEND_TIMEOUT_USEC), from now on. */
  | { readonly kind: 'extended'; readonly byMs: number }
  | { readonly kind: 'mainPid'; readonly pid: number }
  | { readonly kind: 'noticed'; readonly text: string }
  | { readonly kind: 'exit'; readonly exit: ChildExit }
  | { readonly kind: 'cleared' | 'retry' | 'graceExpired' }

export type EventKind = ProcessEvent['kind']

/** age: until it has lived long enough. */
export type TimerName = 'grace' | 'retry' | 'schedule' | 'age'

export type Effect =
  | { readonly kind: 'spawn' | 'killSession' | 'clearSession' }
  | { readonly kind: 'runHook'; readonly hook: 'beforeSpawn' | 'afterSpawn' }
  /** Its end is an event, and so is the end of its time. */
  | { readonly kind: 'startProbe'; readonly step: 'startup' | 'ready' }
  /** Of a run that is up: liveness and resources; readiness again. */
  | { readonly kind: 'startObserving' | 'startRecheck' }
  | { readonly kind: 'stopProbe' }
  /** Hooks, probe and everything else that looks at this run. */
  | { readonly kind: 'stopObserving' }
  | { readonly kind: 'awaitDemand' }
  | { readonly kind: 'ignoreDemand' }
  /** isStop: to whom, and what follows, is as declared for a stop. */
  | { readonly kind: 'sendSignal'; readonly signal: NodeJS.Signals; readonly isStop: boolean }
  | { readonly kind: 'startTimer'; readonly timer: TimerName; readonly afterMs: number }
  | { readonly kind: 'cancelTimer'; readonly timer: TimerName }
  | { readonly kind: 'reportImpossible'; readonly event: EventKind; readonly state: ProcessState }

/** Why we are ending the run; `none`: it goes on, or ends by itself. `aborted`: a hook said no. */
export type Intent = 'none' | 'stop' | 'restart' | 'expired' | 'unready' | 'unhealthy' | 'aborted'

/** What has to succeed next until it is ready. */
export type StartStep = 'afterSpawn' | 'startup' | 'ready' | 'recheck'

export type ProcessRecord = {
  readonly state: ProcessState
  readonly wanted: boolean
  readonly intent: Intent
  /** Undefined when nothing has to. */
  readonly step: StartStep | undefined
  readonly stopSteps: readonly StopStep[]
  /** How many of them were taken. */
  readonly stopsSent: number
  /** Its time to stop is over, or that of its leftovers. */
  readonly overdue: boolean
  readonly pid: number | undefined
  readonly exit: ChildExit | undefined
  /** Why we have ended that run, where nobody had told us to. */
  readonly exitReason: string
  /** The latest run that ended did so successfully. */
  readonly succeeded: boolean
  readonly spawnedAtMs: number
  readonly readyAtMs: number | undefined
  /** Of the latest run, which may have left something to clear up. */
  readonly endedAtMs: number
  /** What the timer `age` has not begun to wait for. */
  readonly ageLeftMs: number
  readonly retryAtMs: number | undefined
  readonly dueAtEpochMs: number | undefined
  /** When the timer `grace` goes off. */
  readonly deadlineMs: number
  readonly starts: number
  readonly restarts: number
  readonly crashes: number
  readonly history: RestartHistory
  /** Why it failed, is held up or is being stopped; empty when the state says all. */
  readonly reason: string
  /** What it says of itself. */
  readonly notice: string
}

export type Context = {
  readonly spec: ProcessSpec
  /** Of the run that is beginning or in progress. */
  readonly instance: Pick<InstanceSpec, 'startup' | 'ready' | 'hooks'>
  /** Monotonic. */
  readonly nowMs: number
  /** Only for schedules. */
  readonly epochMs: number
  readonly random: number
}
export type Transition = { readonly record: ProcessRecord; readonly effects: readonly Effect[] }

export const createRecord = (): ProcessRecord => ({
  state: 'stopped',
  wanted: false,
  intent: 'none',
  step: undefined,
  stopSteps: [],
  stopsSent: 0,
  overdue: false,
  pid: undefined,
  exit: undefined,
  exitReason: '',
  succeeded: false,
  spawnedAtMs: 0,
  readyAtMs: undefined,
  endedAtMs: 0,
  ageLeftMs: 0,
  retryAtMs: undefined,
  dueAtEpochMs: undefined,
  deadlineMs: 0,
  starts: 0,
  restarts: 0,
  crashes: 0,
  history: NO_HISTORY,
  reason: '',
  notice: '',
})
