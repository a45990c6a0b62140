// The client of the spawner: the process that starts every child and holds sockets and locks, since Node can do neither.
// Guarantees: `spawned` at most once and only after the program has been executed; `exited` exactly once, last.

import type { RunSpec, SocketAddress, SocketSpec } from '../contract/process-spec.ts'
import type { NotifyMessage } from './spawner-notify.ts'
import type { ChildExit } from './state.ts'

export type SpawnerOptions = {
  /** The launcher's binary. */
  readonly shimPath: string
  /** NOTIFY_SOCKET of it is where `tell` speaks to; nothing else is used. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

export type Spawner = {
  /** Never throws: what fails is told by `exited`, and not before this call has returned. */
  spawn(request: SpawnRequest, listeners: SpawnListeners): Child
  /** Rejects with PORT_IN_USE or SOCKET_UNAVAILABLE. */
  listen(spec: SocketSpec): Promise<SocketAddress>
  /** Closes our end of the socket; its path goes when it is still ours. Children keep what they have. */
  unlisten(name: string): void
  /** Calls once, at the first connection or datagram that nobody has taken. */
  watch(name: string, demanded: () => void): { cancel(): void }
  /** Held until the spawner ends. `pid` is the holder's supervisor, if it has left its number. */
  lock(path: string): Promise<{ readonly held: true } | { readonly held: false; readonly pid: number | undefined }>
  /** Lines for the service manager that has started us; nothing when there is none. */
  tell(state: readonly string[]): void
  /** Resolves with the reason when the spawner is gone although nobody has closed it. */
  readonly lost: Promise<string>
  /** The spawner ends, its sockets are closed; children that still run get SIGTERM. */
  close(): void
}

export type SpawnRequest = {
  /**
   * Of the environment, LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES and NOTIFY_SOCKET are replaced or taken away; WATCHDOG_USEC
   * stays, with WATCHDOG_PID beside it, only together with a notify socket.
   */
  readonly run: RunSpec
  readonly stdin: 'null' | 'inherit' | { readonly socket: string }
  readonly stdout: 'pipe' | 'null' | 'inherit'
  readonly stderr: 'pipe' | 'null' | 'inherit'
  /** Made when it is missing; holds the FIFOs for the moment until both their ends are open. */
  readonly fifosDir: string
  /** Handed over at descriptor 3 and following, in this order. */
  readonly sockets: readonly string[]
  /** A path to make, at most 107 bytes, or "@NAME" in the abstract name space, which every user can reach. */
  readonly notifySocketPath: string | undefined
  /** The descriptor on which the child writes a line when it is ready; behind the sockets. */
  readonly readyFd: number | undefined
}

/** Open descriptors (O_RDONLY, O_NONBLOCK) that belong to whoever is given them. */
export type PipeFds = { readonly out?: number; readonly err?: number }

export type ChildUsage = { readonly userUs: number; readonly systemUs: number; readonly maxRssBytes: number }

export type SpawnListeners = {
  /** Before `spawned`, when a stream is piped. */
  readonly piped?: (pipes: PipeFds) => void
  readonly spawned?: (pid: number) => void
  readonly notified?: (message: NotifyMessage) => void
  readonly readyFd?: () => void
  /** The usage is zero when nothing has run. */
  readonly exited: (exit: ChildExit, usage: ChildUsage) => void
}

export type Child = {
  /** Also its process group and session. Undefined until the program runs. */
  readonly pid: number | undefined
  /** Nothing happens once it has ended; `session` includes the group. */
  signal(scope: SignalScope, signal: NodeJS.Signals): void
}

export type SignalScope = 'leader' | 'group' | 'session'

export declare const createSpawner: (options: SpawnerOptions) => Spawner
