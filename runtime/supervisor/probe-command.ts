// Commands on behalf of a process, its checks and hooks: short-lived children of the spawner, in sessions of their own.
// When their time is over, everything that they have started goes with them.

import type { RunSpec } from '../contract/process-spec.ts'
import { signalProcesses } from './session.ts'
import { readSpawnedDescendants } from './process-tree.ts'
import type { Child, PipeFds, Spawner } from './spawner.ts'
import type { ChildExit } from './state.ts'

export type CommandRunnerOptions = {
  readonly spawner: Pick<Spawner, 'spawn'>
  readonly fifosDir: string
  /** Takes the pipes over; the answer waits until everything written so far is published, at most that long. */
  readonly capture: (pipes: PipeFds) => (timeoutMs: number) => Promise<void>
}

export type CommandRequest = {
  readonly run: RunSpec
  readonly output: 'null' | 'log'
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** A check that is asked for ever must not gather processes; what a hook starts is part of the run. */
  readonly background?: 'ends'
}

export type CommandEnd = { readonly kind: 'exit'; readonly exit: ChildExit } | { readonly kind: 'timeout' | 'aborted' }

/** Resolves when the command is gone and its output is published. Never rejects. */
export type CommandRunner = (request: CommandRequest) => Promise<CommandEnd>

export const createCommandRunner =
  ({ spawner, fifosDir, capture }: CommandRunnerOptions): CommandRunner =>
  ({ run, output, timeoutMs, signal, background }) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve({ kind: 'aborted' })
      let cutOff: 'timeout' | 'aborted' | undefined
      let drain: ((timeoutMs: number) => Promise<void>) | undefined
      const cut = (kind: 'timeout' | 'aborted'): void => {
        cutOff ??= kind
        killTree(child)
      }
      const abort = (): void => cut('aborted')
      const timer = timeoutMs === undefined ? undefined : setTimeout(cut, timeoutMs, 'timeout')
      signal?.addEventListener('abort', abort)
      const stream = output === 'log' ? 'pipe' : 'null'
      const child = spawner.spawn(
        {
          run,
          stdin: 'null',
          stdout: stream,
          stderr: stream,
          fifosDir,
          sockets: [],
          notifySocketPath: undefined,
          readyFd: undefined,
          ...(background === undefined ? {} : { background }),
        },
        {
          piped: (pipes) => void (drain = capture(pipes)),
          // Its time was over before it ran.
          spawned: () => (cutOff === undefined ? undefined : killTree(child)),
          exited: (exit) => {
            clearTimeout(timer)
            signal?.removeEventListener('abort', abort)
            const end = cutOff === undefined ? ({ kind: 'exit', exit } as const) : { kind: cutOff }
            void (drain?.(DRAIN_MS) ?? Promise.resolve()).then(() => resolve(end))
          },
        },
      )
    })

/** What it has left running in the background may keep the pipes open for ever. */
const DRAIN_MS = 250

const killTree = (child: Child): void => {
  if (child.pid === undefined) return
  // Found first: with the leader gone, the chains are cut.
  const descendants = readSpawnedDescendants(child.pid)
  child.signal('session', 'SIGKILL')
  signalProcesses(descendants, 'SIGKILL')
}

export type CheckCommand = (command: readonly string[], limitMs: number, signal: AbortSignal) => Promise<CommandEnd>

/** A check runs as the process does, in its environment; what it says is of no interest. */
export const createCheckCommand =
  (runCommand: CommandRunner, run: RunSpec): CheckCommand =>
  (command, timeoutMs, signal) =>
    runCommand({ run: { ...run, command, program: undefined }, output: 'null', timeoutMs, signal, background: 'ends' })
