// Whether a process that runs still works. Says so after a number of failures in a row, and again after as many more:
// what follows from it is for the state table to say.

import type { LivenessSpec } from '../contract/process-spec.ts'
import { createAsk } from './probe-ask.ts'
import type { CheckContext } from './probe-ask.ts'
import { askForEver } from './probe-recheck.ts'
import type { Probe } from './probe.ts'
import { createWatchdog } from './watchdog.ts'

export type LivenessRequest = { readonly context: CheckContext; readonly spec: LivenessSpec }

export const createLiveness = ({ context, spec }: LivenessRequest, unhealthy: (reason: string) => void): Probe => {
  const { check, intervalMs, timeoutMs, initialDelayMs, failureThreshold } = spec
  if (check.kind === 'watchdog')
    return createWatchdog({ feed: context.feed, periodMs: check.periodMs, initialDelayMs, awaitsReady: context.awaitsReady }, unhealthy)
  const abort = new AbortController()
  let reason = ''
  let failures = 0
  const answered = (isYes: boolean, why: string): void => {
    reason = why
    failures = isYes ? 0 : failures + 1
    if (failures < failureThreshold) return
    failures = 0
    unhealthy(failureThreshold === 1 ? why : `${why} (${failureThreshold} times in a row)`)
  }
  const ask = createAsk(check, context, 'trusting')
  void askForEver({ ask, delayMs: Math.max(initialDelayMs, FIRST_DELAY_MS), intervalMs, limitMs: timeoutMs, answered }, abort.signal)
  return {
    get reason() {
      return reason
    },
    cancel: () => abort.abort(),
  }
}

/** Not within the transition that has created it. */
const FIRST_DELAY_MS = 1
