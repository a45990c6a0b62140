// Whether and when a process that ended by itself is started again. Pure: time and randomness are arguments.

import type { RestartSpec } from '../contract/process-spec.ts'

export type RestartHistory = {
  /** Restarts since the last stable run; the exponent of the delay. */
  readonly attempt: number
  readonly failuresAtMs: readonly number[]
  /** Runs in a row that were stopped because they did not become ready. */
  readonly unreadyRuns: number
}

export const NO_HISTORY: RestartHistory = { attempt: 0, failuresAtMs: [], unreadyRuns: 0 }

export type EndedRun = {
  readonly outcome: 'success' | 'failure' | 'unready' | 'impossible'
  /** How long it had been ready (or running, without a readiness check). */
  readonly readyMs: number
}

export type RestartDecision =
  | { readonly kind: 'restart'; readonly delayMs: number; readonly history: RestartHistory }
  | { readonly kind: 'complete' }
  | { readonly kind: 'fail'; readonly reason: string }

export type RestartRequest = {
  readonly run: EndedRun
  readonly history: RestartHistory
  readonly spec: RestartSpec
  readonly nowMs: number
  /** From 0 to 1, exclusive. */
  readonly random: number
}

export const decideRestart = (request: RestartRequest): RestartDecision => {
  const { run, spec } = request
  if (run.outcome === 'impossible') return { kind: 'fail', reason: 'its program cannot be run' }
  if (run.outcome === 'success' && spec.policy !== 'always') return { kind: 'complete' }
  if (spec.policy !== 'never') return decideNextRun(request)
  return run.outcome === 'unready' ? { kind: 'fail', reason: 'it did not become ready' } : { kind: 'complete' }
}

const decideNextRun = ({ run, history: past, spec, nowMs, random }: RestartRequest): RestartDecision => {
  const history = run.readyMs >= stableAfterMs(spec) ? NO_HISTORY : past
  const failuresAtMs = [...history.failuresAtMs.filter((atMs) => nowMs - atMs < spec.windowMs), nowMs]
  const unreadyRuns = run.outcome === 'unready' ? history.unreadyRuns + 1 : 0
  if (unreadyRuns > spec.burst) return { kind: 'fail', reason: `it did not become ready in ${unreadyRuns} runs` }
  if (failuresAtMs.length > spec.burst) {
    return { kind: 'fail', reason: `it ended ${failuresAtMs.length} times within ${spec.windowMs / 1000} s` }
  }
  const { attempt } = history
  return {
    kind: 'restart',
    delayMs: attempt === 0 ? 0 : backOffMs(spec, attempt, random),
    history: { attempt: attempt + 1, failuresAtMs, unreadyRuns },
  }
}

/** A run of ten delays counts as stable: what happened before it is forgotten, and the next restart is immediate. */
export const stableAfterMs = ({ delayMs }: RestartSpec): number => delayMs * 10

/** Exponential with full jitter: processes that failed together do not come back together. */
const backOffMs = ({ delayMs, delayMaxMs }: RestartSpec, attempt: number, random: number): number =>
  Math.round(random * Math.min(delayMaxMs, delayMs * 2 ** Math.min(attempt - 1, 30)))
