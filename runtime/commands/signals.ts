// Signals to the supervisor: the first that means an end asks for an ordered stop, a later one kills. SIGHUP reads the
// configuration again, unless it says that our terminal is gone; SIGUSR1 opens the log files again.

import { isatty } from 'node:tty'
import type { SupervisorControl } from '../contract/control-supervisor.ts'

export type SignalTargets = Pick<SupervisorControl, 'down' | 'reopenLogs'> & {
  readonly reload: () => void
  /** Whether the terminal that we were started from does not exist any more. */
  readonly hasLostTerminal: () => boolean
}

export const watchSignals = (targets: SignalTargets, clockMs: () => number = () => performance.now()): (() => void) => {
  let firstAtMs: number | undefined
  const stop = (signal: keyof typeof SAME_REQUEST_MS): void => {
    const nowMs = clockMs()
    // A service manager signals every process of the bundle, and ours pass it on: those are one request.
    if (firstAtMs !== undefined && nowMs - firstAtMs < SAME_REQUEST_MS[signal]) return
    firstAtMs ??= nowMs
    targets.down(`got ${signal}`)
  }
  const hangUp = (): void => (targets.hasLostTerminal() ? stop('SIGHUP') : targets.reload())
  const listeners: ReadonlyMap<NodeJS.Signals, (signal: NodeJS.Signals) => void> = new Map([
    ['SIGTERM', () => stop('SIGTERM')],
    ['SIGINT', () => stop('SIGINT')],
    ['SIGQUIT', () => stop('SIGQUIT')],
    ['SIGHUP', hangUp],
    // By default SIGUSR1 would open Node's debugger and SIGUSR2 would end us.
    ['SIGUSR1', () => targets.reopenLogs()],
    ['SIGUSR2', ignore],
  ])
  for (const [signal, listener] of listeners) process.on(signal, listener)
  return () => {
    // The last moments must not be cut short by the signal's default action: listeners are replaced, not removed.
    for (const [signal, listener] of listeners) process.off(signal, listener).on(signal, ignore)
  }
}

/** Our own streams that are terminals now; asked again later, one of them may be gone (its ioctl fails with EIO). */
export const createTerminalWatch = (): (() => boolean) => {
  const terminals = [0, 1, 2].filter((fd) => isatty(fd))
  return () => terminals.some((fd) => !isatty(fd))
}

/** SIGINT is a key, and two quick strokes mean two; the others come from programs, on busy machines. */
const SAME_REQUEST_MS = { SIGTERM: 300, SIGHUP: 300, SIGQUIT: 300, SIGINT: 50 } as const

const ignore = (): void => undefined
