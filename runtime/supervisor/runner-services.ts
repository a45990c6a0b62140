// What all runners share: who starts children, where their output goes, who is told.

import type { SocketAddress } from '../contract/process-spec.ts'
import type { LogHub } from '../log/log-hub.ts'
import type { Report } from '../log/report.ts'
import type { Demand } from './demand.ts'
import type { Spawner } from './spawner.ts'
import type { StreamSet } from './stream-set.ts'

export type RunnerServices = {
  readonly spawner: Spawner
  readonly demand: Demand
  readonly fifosDir: string
  /** Ours: who else may reach what is made in our directories. */
  readonly uid: number
  readonly hub: LogHub
  readonly streams: StreamSet
  readonly report: Report
  /** Of the declared sockets, as they are bound. */
  readonly socketAddresses: () => ReadonlyMap<string, SocketAddress>
}

/** Which instance of which process. */
export type InstanceName = {
  readonly process: string
  readonly index: number
  /** NAME, or NAME:INDEX where there may be several. */
  readonly label: string
}
