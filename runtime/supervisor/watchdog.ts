// The process promises to speak up; only silence needs a timer of ours, and every word puts it off.

import type { RunFeed } from './probe-feed.ts'
import { createDeadline } from './probe-time.ts'
import type { Deadline } from './probe-time.ts'
import type { Probe } from './probe.ts'

export type WatchdogRequest = {
  readonly feed: RunFeed
  readonly periodMs: number
  /** Before this much time its silence means nothing. */
  readonly initialDelayMs: number
  /** Nor before READY=1: libraries begin with both at the same time. */
  readonly awaitsReady: boolean
}

/** Goes on watching after a call: the next word begins a new period. */
export const createWatchdog = ({ feed, periodMs, initialDelayMs, awaitsReady }: WatchdogRequest, silent: (reason: string) => void): Probe => {
  let reason = ''
  let deadline: Deadline | undefined
  const tell = (text: string): void => {
    reason = text
    silent(text)
  }
  const arm = (ms: number): void => {
    deadline?.cancel()
    // After we have been stopped ourselves, timers come before the messages that waited.
    deadline = createDeadline(ms, () => {
      deadline = createDeadline(HEARING_MS, () => tell(`it did not say WATCHDOG=1 for ${periodMs} ms`))
    })
  }
  if (!awaitsReady || feed.isReady) arm(periodMs + initialDelayMs)
  const unsubscribe = feed.subscribe((news) => {
    if (news === 'readyFd') return
    if (news.watchdog === true) arm(periodMs)
    else if (news.ready === true && deadline === undefined) arm(periodMs + initialDelayMs)
    if (news.watchdog === 'trigger') {
      deadline?.cancel()
      tell('it said WATCHDOG=trigger')
    }
    if (news.extendTimeoutUs !== undefined) deadline?.extend(news.extendTimeoutUs / 1000)
  })
  return {
    get reason() {
      return reason
    },
    cancel() {
      deadline?.cancel()
      unsubscribe()
    },
  }
}

const HEARING_MS = 10
