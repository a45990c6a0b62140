// What is measured: a supervisor that runs a few declared programs. Each peer is a file beside this one.

export type Declared = {
  readonly name: string
  readonly command: readonly string[]
  readonly restarts: boolean
  /** Where its output goes: a file, or the first of several. Undefined: wherever the supervisor puts it. */
  readonly logPath?: string
  /** Starts when that one has printed this. */
  readonly after?: { readonly name: string; readonly line: string }
}

export type Running = {
  /** The process that the others descend from. */
  readonly pid: number
  /** The one that decides: what is killed to see what is left. */
  readonly decider: () => number
  /** Asks it to stop; who waits for the end looks at the processes. */
  readonly stop: () => void
}

export type Peer = {
  readonly name: string
  /** Why it is not measured. */
  readonly missing: string | undefined
  /** What can be done before the clock runs: writes what `start` needs to `dir`, once. */
  readonly prepare: (dir: string, declared: readonly Declared[]) => Promise<() => Promise<Running>>
  /** The files of a log, oldest first. */
  readonly logFiles: (logPath: string) => readonly string[]
}
