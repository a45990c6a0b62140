// Start-up and readiness: waits until a check says yes, or its time is over. What a run says by itself is an event;
// the rest is asked again at short, growing intervals, because the kernel tells nobody that somebody else listens.

import type { ReadyCheck, ReadySpec, StartupSpec } from '../contract/process-spec.ts'
import type { LogEvent } from '../log/log-event.ts'
import { decodeLines } from '../log/log-hub.ts'
import { createAsk, isPolled } from './probe-ask.ts'
import type { Ask, CheckContext } from './probe-ask.ts'
import type { RunFeed } from './probe-feed.ts'
import { createDeadline, pause } from './probe-time.ts'

export type Probe = {
  /** Why the latest answer was no; empty when there was none. */
  readonly reason: string
  cancel(): void
}

export type ProbeRequest = { readonly context: CheckContext; readonly spec: StartupSpec | ReadySpec }
export type ProbeOutcome = { readonly kind: 'ready' } | { readonly kind: 'readyTimeout'; readonly reason: string }

/** `done` is called at most once, and neither after cancel() nor before this returns. */
export const createProbe = ({ context, spec }: ProbeRequest, done: (outcome: ProbeOutcome) => void): Probe => {
  const { check, intervalMs, timeoutMs } = spec
  const abort = new AbortController()
  let reason = ''
  const finish = (outcome: ProbeOutcome): void => {
    if (abort.signal.aborted) return
    abort.abort()
    done(outcome)
  }
  const ready = (): void => finish({ kind: 'ready' })
  const deadline = createDeadline(timeoutMs, () => finish({ kind: 'readyTimeout', reason: reason === '' ? describeSilence(check) : reason }))
  const unsubscribe = context.feed.subscribe((news) => {
    if (news !== 'readyFd' && news.extendTimeoutUs !== undefined) deadline.extend(news.extendTimeoutUs / 1000)
  })
  abort.signal.addEventListener('abort', () => (deadline.cancel(), unsubscribe()))
  if (isPolled(check)) {
    const note = (text: string): void => void (reason = text)
    void askUntilYes({ ask: createAsk(check, context, 'suspicious'), intervalMs, timeoutMs, note }, abort.signal).then((isYes) => isYes && ready())
  } else abort.signal.addEventListener('abort', awaitEvent(check, context, ready))
  return {
    get reason() {
      return reason
    },
    cancel: () => abort.abort(),
  }
}

type EventCheck = Exclude<ReadyCheck, { kind: 'tcp' | 'unix' | 'http' | 'exec' | 'path' }>

const describeSilence = (check: ReadyCheck): string => {
  if (check.kind === 'notify') return 'it did not say READY=1'
  if (check.kind === 'fd') return `it wrote no line to descriptor ${check.fd}`
  return check.kind === 'logLine' ? `no line of its output matched ${String(check.pattern)}` : ''
}

const awaitEvent = (check: EventCheck, context: CheckContext, found: () => void): (() => void) => {
  if (check.kind === 'logLine') return watchLines(context, check.pattern, found)
  return watchFeed(context.feed, (feed) => (check.kind === 'notify' ? feed.isReady : feed.isFdReady), found)
}

const watchFeed = (feed: RunFeed, isDone: (feed: RunFeed) => boolean, found: () => void): (() => void) => {
  const look = (): void => (isDone(feed) ? found() : undefined)
  // Later, like every other answer: the caller is in the middle of a transition.
  queueMicrotask(look)
  return feed.subscribe(look)
}

/** A program may have said it before anybody knew that it runs: what is kept of its output counts too. */
const watchLines = ({ process: label, hub, sinceSequence }: CheckContext, pattern: RegExp, found: () => void): (() => void) => {
  const names = new Set([label])
  const look = ({ bytes, sequence }: LogEvent): void => {
    if (sequence > sinceSequence && decodeLines(bytes).some((line) => pattern.test(line))) found()
  }
  queueMicrotask(() => {
    for (const event of hub.recent({ names, after: sinceSequence })) look(event)
  })
  return hub.subscribe({ names }, look)
}

type Asking = { readonly ask: Ask; readonly intervalMs: number; readonly timeoutMs: number; readonly note: (reason: string) => void }

const askUntilYes = async ({ ask, intervalMs, timeoutMs, note }: Asking, signal: AbortSignal): Promise<boolean> => {
  let delayMs = Math.min(FIRST_RETRY_MS, intervalMs)
  let limitMs = Math.min(FIRST_LIMIT_MS, timeoutMs)
  while (!signal.aborted) {
    const answer = await ask(limitMs, signal)
    if (answer.isYes) return true
    note(answer.reason)
    // A try that hangs must not end the asking, nor may one that is only slow be cut off for ever.
    if (answer.isLate === true) limitMs = Math.min(limitMs * 2, timeoutMs)
    await pause(delayMs, signal)
    delayMs = Math.min(delayMs * RETRY_GROWTH, intervalMs)
  }
  return false
}

const FIRST_RETRY_MS = 2
const FIRST_LIMIT_MS = 2000
/** The answer is late by at most this share of the time that the program needed. */
const RETRY_GROWTH = 1.2
