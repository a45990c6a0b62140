// The process promises to speak up; only silence needs a timer of ours, and every word puts it off.

import type { RunFeed } from './probe-feed.ts'
import { createDeadline } from './probe-time.ts'
import type { Probe } from './probe.ts'

export type WatchdogRequest = {
  readonly feed: RunFeed
  readonly periodMs: number
  /** Before this much time its silence means nothing. */
  readonly initialDelayMs: number
}

/** Goes on watching after a call: the next word begins a new period. */
export const createWatchdog = ({ feed, periodMs, initialDelayMs }: WatchdogRequest, silent: (reason: string) => void): Probe => {
  let reason = ''
  const tell = (text: string): void => {
    reason = text
    silent(text)
  }
  // After we have been stopped ourselves, timers come before the messages that waited.
  const over = (): void => {
    deadline = createDeadline(HEARING_MS, () => tell(`it did not say WATCHDOG=1 for ${periodMs} ms`))
  }
  let deadline = createDeadline(periodMs + initialDelayMs, over)
  const restart = (): void => {
    deadline.cancel()
    deadline = createDeadline(periodMs, over)
  }
  const unsubscribe = feed.subscribe((news) => {
    if (news === 'readyFd') return
    if (news.watchdog === true) restart()
    if (news.watchdog === 'trigger') {
      deadline.cancel()
      tell('it said WATCHDOG=trigger')
    }
    if (news.extendTimeoutUs !== undefined) deadline.extend(news.extendTimeoutUs / 1000)
  })
  return {
    get reason() {
      return reason
    },
    cancel() {
      deadline.cancel()
      unsubscribe()
    },
  }
}

const HEARING_MS = 10
