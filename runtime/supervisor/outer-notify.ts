// What the whole bundle says to the service manager that has started it, by the protocol of sd_notify(3). Pure: the
// spawner sends it.

export const planOuterReady = (status: string): readonly string[] => ['READY=1', ...planOuterStatus(status)]

/** One line: a line feed would begin another field. */
export const planOuterStatus = (text: string): readonly string[] => [`STATUS=${text.replaceAll(/[\0\n]+/g, ' ')}`]

/** To be followed by READY=1. The time is CLOCK_MONOTONIC's, by which systemd tells this reload from an earlier one. */
export const planOuterReloading = (monotonicUs: bigint): readonly string[] => ['RELOADING=1', `MONOTONIC_USEC=${monotonicUs}`]

export const planOuterStopping = (status: string): readonly string[] => ['STOPPING=1', ...planOuterStatus(status)]

/** A stop that takes longer than the manager would wait. */
export const planOuterExtension = (ms: number): readonly string[] => [`EXTEND_TIMEOUT_USEC=${Math.ceil(ms * 1000)}`]

export const OUTER_WATCHDOG: readonly string[] = ['WATCHDOG=1']

type WatchdogVariables = { readonly WATCHDOG_USEC?: string | undefined; readonly WATCHDOG_PID?: string | undefined }

/**
 * Within this time the manager wants to hear WATCHDOG=1; undefined when it does not listen. WATCHDOG_PID names the
 * process that is meant: us, or the launcher's init among our ancestors.
 */
export const parseWatchdogPeriodMs = (
  { WATCHDOG_USEC: period = '', WATCHDOG_PID: pid = '' }: WatchdogVariables,
  pids: readonly number[],
): number | undefined => {
  if (!/^\d{1,15}$/.test(period) || Number(period) === 0) return undefined
  return pid === '' || pids.includes(Number(pid)) ? Math.min(Number(period) / 1000, TIMER_MAX_MS) : undefined
}

/** Node takes a longer time for a millisecond. To be told more often than wanted harms nobody. */
const TIMER_MAX_MS = 2 ** 31 - 1
