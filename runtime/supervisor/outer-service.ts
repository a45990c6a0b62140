// The bundle as a service of somebody else (systemd): tells when it is ready, how it is, that it lives. Silent and
// without timers when nobody has asked.

import type { SupervisorControl } from '../contract/control-supervisor.ts'
import { isSettled } from './graph.ts'
import {
  OUTER_WATCHDOG,
  parseWatchdogPeriodMs,
  planOuterExtension,
  planOuterReady,
  planOuterReloading,
  planOuterStatus,
  planOuterStopping,
} from './outer-notify.ts'
import { readAncestors } from './process-tree.ts'

export type OuterService = {
  reloading(): void
  reloaded(): void
  close(): void
}

export type OuterServiceOptions = {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly supervisor: Pick<SupervisorControl, 'status' | 'events' | 'isStopping'>
  /** Everything that starts by itself is there. */
  readonly arrived: Promise<true>
  readonly tell: (state: readonly string[]) => void
}

export const createOuterService = ({ environment, supervisor, arrived, tell }: OuterServiceOptions): OuterService => {
  if ((environment['NOTIFY_SOCKET'] ?? '') === '') return { reloading: ignore, reloaded: ignore, close: ignore }
  let told = ''
  let isReady = false
  const renderStatus = (): string => {
    const wanted = supervisor.status().filter((status) => status.wanted || !isSettled(status.state))
    const ready = wanted.filter(({ state }) => state === 'ready' || state === 'listening' || state === 'scheduled')
    return `${ready.length} of ${wanted.length} processes are ready`
  }
  const tellStatus = (): void => {
    const status = renderStatus()
    if (status === told) return
    told = status
    tell(supervisor.isStopping ? planOuterStopping(status) : planOuterStatus(status))
  }
  const unsubscribe = supervisor.events.subscribe((event) => {
    if (event.kind === 'state' || event.kind === 'bundle') tellStatus()
    // Each end is progress, and whoever waits for ours may go on waiting.
    if (supervisor.isStopping && event.kind === 'exited') tell(planOuterExtension(STOP_PATIENCE_MS))
  })
  void arrived.then(() => {
    isReady = true
    tell(planOuterReady(renderStatus()))
  })
  const periodMs = parseWatchdogPeriodMs(environment, [process.pid, ...readAncestors()])
  const watchdog = periodMs === undefined ? undefined : setInterval(tell, Math.max(1, periodMs / 2), OUTER_WATCHDOG)
  if (watchdog !== undefined) tell(OUTER_WATCHDOG)
  return {
    reloading: () => tell(planOuterReloading(process.hrtime.bigint() / 1000n)),
    reloaded: () => tell(isReady ? planOuterReady(renderStatus()) : planOuterStatus(renderStatus())),
    close() {
      unsubscribe()
      clearInterval(watchdog)
    },
  }
}

const ignore = (): void => undefined

const STOP_PATIENCE_MS = 30_000
