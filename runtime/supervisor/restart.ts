// Whether and when a process that ended by itself is started again. Pure: time and randomness are arguments.

import type { ExitMark, FlappingSpec, RestartSpec } from '../contract/process-spec.ts'

export type RestartHistory = {
  /** Restarts since the last stable run; the exponent of the delay. */
  readonly attempt: number
  readonly failuresAtMs: readonly number[]
  /** Runs in a row that were stopped because they did not become ready. */
  readonly unreadyRuns: number
  /** Starts in a row that failed before the program ran. */
  readonly spawnFailures: number
  /** Pauses in a row because of flapping. */
  readonly flaps: number
}

export const NO_HISTORY: RestartHistory = { attempt: 0, failuresAtMs: [], unreadyRuns: 0, spawnFailures: 0, flaps: 0 }

export type EndedRun = {
  /** `unready` and `unhealthy`: it was stopped for that. */
  readonly outcome: 'success' | 'failure' | 'unready' | 'unhealthy' | 'spawnFailed'
  /** How it ended; undefined when that was not up to it. */
  readonly mark: ExitMark | undefined
  /** How long it had been ready (or running, without a readiness check). */
  readonly readyMs: number
  /** Why its program did not run; only of `spawnFailed`. */
  readonly problem?: string
}

export type RestartDecision =
  /** `reason`: of the pause, beyond how the run ended. */
  | { readonly kind: 'restart'; readonly delayMs: number; readonly history: RestartHistory; readonly reason?: string }
  | { readonly kind: 'complete' }
  | { readonly kind: 'fail'; readonly reason: string }

export type RestartRequest = {
  readonly run: EndedRun
  readonly history: RestartHistory
  readonly spec: RestartSpec
  /** Success is the end of it, whatever the policy. */
  readonly isTask: boolean
  readonly nowMs: number
  /** From 0 to 1, exclusive. */
  readonly random: number
}

export const decideRestart = (request: RestartRequest): RestartDecision => {
  const { run, spec, isTask } = request
  if (run.outcome === 'spawnFailed') return decideNextSpawn(request)
  if (run.outcome === 'unhealthy') return decideNextRun(request)
  if (isAmong(run.mark, spec.preventStatuses)) return { kind: 'complete' }
  if (isAmong(run.mark, spec.restartStatuses)) return decideNextRun(request)
  if (run.outcome === 'success' && (isTask || spec.policy !== 'always')) return { kind: 'complete' }
  if (spec.policy !== 'never') return decideNextRun(request)
  return run.outcome === 'unready' ? { kind: 'fail', reason: 'it did not become ready' } : { kind: 'complete' }
}

const isAmong = (mark: ExitMark | undefined, marks: readonly ExitMark[]): boolean => mark !== undefined && marks.includes(mark)

/** No program has run that could have been stable: even the first try again waits. */
const decideNextSpawn = ({ run, history: past, spec, random }: RestartRequest): RestartDecision => {
  const spawnFailures = past.spawnFailures + 1
  if (spec.policy === 'never' || isOver(spawnFailures, spec.maxRetry)) return { kind: 'fail', reason: run.problem ?? 'its program cannot be run' }
  const delayMs = backOffMs({ ...spec, delayMs: Math.max(spec.delayMs, SPAWN_DELAY_MIN_MS) }, spawnFailures, random)
  return { kind: 'restart', delayMs: Math.max(delayMs, 1), history: { ...past, spawnFailures } }
}

const SPAWN_DELAY_MIN_MS = 100

/** A limit of -1 is none. */
const isOver = (count: number, limit: number): boolean => limit >= 0 && count > limit

const decideNextRun = (request: RestartRequest): RestartDecision => {
  const { run, spec, history: past, nowMs } = request
  const isStable = run.readyMs >= stableAfterMs(spec)
  const history = isStable ? { ...NO_HISTORY, flaps: past.flaps, failuresAtMs: spec.flapping === undefined ? [] : past.failuresAtMs } : past
  const unreadyRuns = run.outcome === 'unready' ? history.unreadyRuns + 1 : 0
  if (isOver(unreadyRuns, spec.burst)) return { kind: 'fail', reason: `it did not become ready in ${unreadyRuns} runs` }
  const next = { ...history, unreadyRuns, spawnFailures: 0 }
  return spec.flapping === undefined ? decideBurst({ ...request, history: next }) : decideFlapping(next, spec.flapping, nowMs)
}

const decideBurst = ({ history, spec, nowMs, random }: RestartRequest): RestartDecision => {
  // No more of them than can matter: without a limit the list would only grow.
  const failuresAtMs = [...history.failuresAtMs.filter((atMs) => nowMs - atMs < spec.windowMs), nowMs].slice(-1 - Math.max(spec.burst, 0))
  if (isOver(failuresAtMs.length, spec.burst)) {
    return { kind: 'fail', reason: `it ended ${failuresAtMs.length} times within ${spec.windowMs / 1000} s` }
  }
  const { attempt } = history
  return {
    kind: 'restart',
    delayMs: attempt === 0 ? 0 : backOffMs(spec, attempt, random),
    history: { ...history, attempt: attempt + 1, failuresAtMs },
  }
}

/** As circus does it: so many ends within the window mean a constant pause, so many pauses in a row mean the end. */
const decideFlapping = (history: RestartHistory, { attempts, windowMs, retryInMs, maxRetry }: FlappingSpec, nowMs: number): RestartDecision => {
  const endsAtMs = [...history.failuresAtMs, nowMs]
  if (endsAtMs.length < attempts) return { kind: 'restart', delayMs: 0, history: { ...history, failuresAtMs: endsAtMs } }
  const isFlapping = nowMs - (endsAtMs[0] ?? nowMs) <= windowMs
  if (!isFlapping) return { kind: 'restart', delayMs: 0, history: { ...history, failuresAtMs: [], flaps: 0 } }
  const reason = `it is flapping: it ended ${attempts === 1 ? 'once' : `${attempts} times`} within ${windowMs / 1000} s`
  if (isOver(history.flaps + 1, maxRetry)) return { kind: 'fail', reason: `${reason}, also after ${maxRetry} pauses` }
  return { kind: 'restart', delayMs: retryInMs, reason, history: { ...history, failuresAtMs: [], flaps: history.flaps + 1 } }
}

/** Whoever waits for a process that fails on and on waits for ever: no number of failures is the last one. */
export const isEndless = ({ burst, flapping, maxRetry }: RestartSpec, { spawnFailures }: RestartHistory): boolean =>
  (spawnFailures > 0 ? maxRetry : flapping === undefined ? burst : flapping.maxRetry) < 0

/** A run of ten delays counts as stable: what happened before it is forgotten, and the next restart is immediate. */
export const stableAfterMs = ({ delayMs }: RestartSpec): number => Math.max(delayMs * 10, STABLE_MIN_MS)

/** Shorter runs are those of programs that fail as they begin, on a busy machine. */
const STABLE_MIN_MS = 1000

/** Exponential with full jitter: processes that failed together do not come back together. */
const backOffMs = ({ delayMs, delayMaxMs }: RestartSpec, attempt: number, random: number): number =>
  Math.round(random * Math.min(delayMaxMs, delayMs * 2 ** Math.min(attempt - 1, 30)))
