// Readiness that may be lost again: asked at a fixed pace once it was reached. It changes who may be sent there, never
// whether the process goes on; that is for liveness.

import type { ReadySpec } from '../contract/process-spec.ts'
import { createAsk, isPolled } from './probe-ask.ts'
import type { Ask, CheckContext } from './probe-ask.ts'
import { pause } from './probe-time.ts'
import type { Probe } from './probe.ts'

export type RecheckRequest = { readonly context: CheckContext; readonly spec: ReadySpec }

/** `changed` is told the first time after so many failures in a row, and when the answer is yes again. */
export const createRecheck = ({ context, spec }: RecheckRequest, changed: (isReady: boolean, reason: string) => void): Probe => {
  const abort = new AbortController()
  let reason = ''
  if (spec.recheckMs !== undefined && isPolled(spec.check)) {
    const judge = createJudge(spec.failureThreshold, (isReady) => changed(isReady, reason))
    const answered = (isYes: boolean, why: string): void => {
      reason = why
      judge(isYes)
    }
    void askForEver(
      { ask: createAsk(spec.check, context, 'trusting'), delayMs: spec.recheckMs, intervalMs: spec.recheckMs, limitMs: RECHECK_LIMIT_MS, answered },
      abort.signal,
    )
  }
  return {
    get reason() {
      return reason
    },
    cancel: () => abort.abort(),
  }
}

const createJudge = (threshold: number, changed: (isReady: boolean) => void): ((isYes: boolean) => void) => {
  let failures = 0
  return (isYes) => {
    const wasReady = failures < threshold
    failures = isYes ? 0 : failures + 1
    if (wasReady !== failures < threshold) changed(!wasReady)
  }
}

export type Asking = {
  readonly ask: Ask
  /** Before the first question. */
  readonly delayMs: number
  readonly intervalMs: number
  readonly limitMs: number
  /** Never told after the signal. */
  readonly answered: (isYes: boolean, reason: string) => void
}

export const askForEver = async ({ ask, delayMs, intervalMs, limitMs, answered }: Asking, signal: AbortSignal): Promise<void> => {
  for (let waitMs = delayMs; ; waitMs = intervalMs) {
    await pause(waitMs, signal)
    if (signal.aborted) return
    const answer = await ask(limitMs, signal)
    if (signal.aborted) return
    answered(answer.isYes, answer.isYes ? '' : answer.reason)
  }
}

/** As long as liveness waits when nothing else was said. */
const RECHECK_LIMIT_MS = 5000
