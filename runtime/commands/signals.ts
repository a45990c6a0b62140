// Signals to the supervisor: the first asks for an ordered stop, a later one kills.

import type { Supervisor } from '../supervisor/supervisor.ts'

export const watchSignals = (supervisor: Pick<Supervisor, 'down'>, clockMs: () => number = () => performance.now()): (() => void) => {
  let firstAtMs: number | undefined
  const stop = (signal: (typeof STOP_SIGNALS)[number]): void => {
    const nowMs = clockMs()
    // A service manager signals every process of the bundle, and ours pass it on: those are one request.
    if (firstAtMs !== undefined && nowMs - firstAtMs < SAME_REQUEST_MS[signal]) return
    firstAtMs ??= nowMs
    supervisor.down(`got ${signal}`)
  }
  for (const signal of STOP_SIGNALS) process.on(signal, stop)
  for (const signal of IGNORED_SIGNALS) process.on(signal, ignore)
  return () => {
    // The last moments must not be cut short by the signal's default action: listeners are replaced, not removed.
    for (const signal of STOP_SIGNALS) process.off(signal, stop).on(signal, ignore)
  }
}

const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
/** By default SIGUSR1 would open Node's debugger and SIGUSR2 would end us. */
const IGNORED_SIGNALS = ['SIGUSR1', 'SIGUSR2'] as const
/** SIGINT is a key, and two quick strokes mean two; the others come from programs, on busy machines. */
const SAME_REQUEST_MS = { SIGTERM: 300, SIGHUP: 300, SIGINT: 50 } as const

const ignore = (): void => undefined
