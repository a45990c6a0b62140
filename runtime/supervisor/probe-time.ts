// Deadlines and pauses of checks. Monotonic, like all timers of Node: a clock that is set changes nothing.

import { TIMER_MAX_MS } from '../contract/quantity.ts'

export type Deadline = { extend(ms: number): void; cancel(): void }

/** Extended, it is over that long from now, unless it would have been later anyway. */
export const createDeadline = (ms: number, over: () => void): Deadline => {
  let atMs = performance.now() + ms
  let timer = setTimeout(over, Math.min(ms, TIMER_MAX_MS))
  return {
    extend(extensionMs) {
      atMs = Math.max(atMs, performance.now() + extensionMs)
      clearTimeout(timer)
      timer = setTimeout(over, Math.min(atMs - performance.now(), TIMER_MAX_MS))
    },
    cancel: () => clearTimeout(timer),
  }
}

/** Also over when the signal comes. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(finish, Math.min(ms, TIMER_MAX_MS))
    signal.addEventListener('abort', finish, { once: true })
    function finish(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve()
    }
  })
