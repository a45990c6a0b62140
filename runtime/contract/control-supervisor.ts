// What control and the supervisor agree on. The supervisor provides SupervisorControl; what needs manifest and
// environment, which it does not know, comes from the command `up` as ConfigurationControl.

import type { CommandResult, Explanation, PlanChange, ProcessStatus, SocketStatus, SupervisorEvent } from './control.ts'
import type { Plan, ProcessSpec, RunSpec } from './process-spec.ts'

/**
 * NAME or NAME:INDEX, patterns already expanded (control does that, from `status`); no names mean every process.
 * A command about an unknown name is refused with CONTROL_REFUSED, and so is every change while the bundle stops.
 */
export type Names = readonly string[]

export type StopOptions = {
  /** Instead of the declared steps: this signal or the first of them, this much time or theirs, SIGKILL. */
  readonly signal?: NodeJS.Signals
  readonly gracefulTimeoutMs?: number
}

/** Of the value of a key what is at this path below it; at none, the whole. */
export type DeclarationPart = { readonly key: string; readonly path: readonly string[]; readonly value: unknown }

export type ReloadMode = 'declared' | 'graceful' | 'sequential' | 'terminate'

export type SignalOptions = {
  /** To the children instead. */
  readonly children?: boolean
  /** To the whole tree below, and to the process itself unless `children` is set. */
  readonly recursive?: boolean
  /** Only if this one is the process, or among those it would go to. */
  readonly pid?: number
}

export type TaskListeners = {
  readonly spawned: (pid: number) => void
  readonly lines: (stream: 'out' | 'err', lines: readonly string[]) => void
  /** While it is full the task waits: nobody reads its pipes. */
  readonly room: { readonly isFull: () => boolean; readonly whenRoom: (wake: () => void) => void }
}
export type TaskRun = {
  /** 0 to 255; 128+n for signal n. Rejects when it could not be started, or a dependency failed. */
  readonly status: Promise<number>
  readonly cancel: () => void
}

export type EventLog = {
  /** Of the latest event; 0 before the first. */
  readonly cursor: number
  /** What is still known of the events behind that cursor; `missed` when some are no longer. */
  since(cursor: number): { readonly events: readonly SupervisorEvent[]; readonly missed: boolean }
  subscribe(listener: (event: SupervisorEvent) => void): () => void
}

/**
 * Commands begin before they return; their promises resolve when every instance has arrived: ready (completed, failed,
 * listening, scheduled) or stopped. They reject only with a NixpackError; an instance that fails is in `failed`.
 */
export type SupervisorControl = {
  /** In the order of the plan. */
  status(): readonly ProcessStatus[]
  explain(name: string): Explanation
  readonly events: EventLog
  sockets(): readonly SocketStatus[]
  start(names: Names): Promise<CommandResult>
  stop(names: Names, options?: StopOptions): Promise<CommandResult>
  restart(names: Names, options?: StopOptions): Promise<CommandResult>
  reload(names: Names, mode: ReloadMode): Promise<CommandResult>
  /** The pids it was sent to. */
  signal(names: Names, signal: NodeJS.Signals, options: SignalOptions): readonly number[]
  /** Never below 0, a singleton never above 1. */
  scale(name: string, numprocesses: number): Promise<CommandResult>
  /** Not started. */
  add(spec: ProcessSpec): void
  /** keepRunning: its runs go on, no longer ours, until the bundle ends: that leaves nothing behind. */
  remove(name: string, options: { readonly keepRunning: boolean }): Promise<CommandResult>
  /** Another declaration of the same process; `restarts`: its runs must be replaced (as `reload` does) for it to be true. */
  update(spec: ProcessSpec, options: { readonly restarts: boolean }): Promise<CommandResult>
  /** Everything that is declared, as it is now. */
  readonly plan: Plan
  apply(plan: Plan): PlanChange
  runTask(name: string, words: readonly string[], listeners: TaskListeners): TaskRun
  /** What the hook extendedStats of an instance says; undefined when it has none. */
  extendedStats(label: string): Promise<unknown>
  readonly reopenLogs: () => void
  /** Ordered stop of everything; the bundle ends with status 0. Told again, it kills. */
  readonly down: (reason: string) => void
  readonly isStopping: boolean
}

/** Every text that may hold secrets goes through this before anybody sees it; `name` is that of its variable. */
export type Mask = (text: string, name?: string) => string

export type ConfigurationControl = {
  readonly mask: Mask
  /** Reads environment file, manifest and circus.ini again and applies them; throws what `up` would throw, and nothing changes. */
  reload(): Promise<PlanChange>
  /** The same without doing it: what would change, and the differences of the rendered files, masked. */
  preview(): Promise<{ readonly change: PlanChange; readonly files: readonly { readonly name: string; readonly diff: string }[] }>
  /** A declaration of the manifest's form, and parts of one, on top of the declared one where there is one; throws MANIFEST_INVALID. */
  planProcess(name: string, declaration: Readonly<Record<string, unknown>>, parts?: readonly DeclarationPart[]): ProcessSpec
  /** How a program is run beside that process, or beside all of them; `command` is empty. */
  planExec(process: string | undefined): { readonly run: RunSpec; readonly programDirs: readonly string[]; readonly fifosDir: string }
  /** As declared, with every default, masked. */
  declarationOf(name: string): Readonly<Record<string, unknown>>
}
