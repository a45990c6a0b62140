// One run of a declared task, in the foreground of whoever asked for it.

import type { TaskListeners, TaskRun } from '../contract/control-supervisor.ts'
import { NixpackError } from '../contract/errors.ts'
import { LINE_CAP_BYTES } from '../log/line-assembler.ts'
import { decodeLines } from '../log/log-hub.ts'
import type { LogStream } from '../log/log-event.ts'
import type { TaskSpec } from '../contract/process-spec.ts'
import { resolveExitStatus } from './child-exit.ts'
import { readSpawnedDescendants } from './process-tree.ts'
import type { RunnerServices } from './runner-services.ts'
import { signalProcesses } from './session.ts'
import type { Child, PipeFds } from './spawner.ts'
import type { ChildExit } from './state.ts'
import { createStreamReader } from './stream-reader.ts'
import type { StreamReader } from './stream-reader.ts'

export type TaskRequest = {
  readonly services: RunnerServices
  readonly task: TaskSpec
  readonly words: readonly string[]
  readonly listeners: TaskListeners
  /** Resolves when everything that it depends on is there. */
  readonly dependencies: Promise<void>
}

export const startTask = ({ services, task, words, listeners, dependencies }: TaskRequest): TaskRun => {
  const { spawner, fifosDir } = services
  const cancelled = Promise.withResolvers<never>()
  let child: Child | undefined
  let isCancelled = false
  const run = async (): Promise<number> => {
    await Promise.race([dependencies, cancelled.promise])
    const spec = task.planRun({ index: 1, socketAddresses: services.socketAddresses() })
    const readers: StreamReader[] = []
    const exit = await new Promise<ChildExit>((resolve) => {
      child = spawner.spawn(
        {
          run: { ...spec, command: [...spec.command, ...words] },
          stdin: 'null',
          stdout: 'pipe',
          stderr: 'pipe',
          fifosDir,
          sockets: [],
          notifySocketPath: undefined,
          readyFd: undefined,
        },
        {
          piped: (pipes) => void readers.push(...readPipes(pipes, listeners)),
          spawned: (pid) => {
            listeners.spawned(pid)
            if (isCancelled) kill(child)
          },
          exited: resolve,
        },
      )
    })
    await drain(readers)
    if (exit.kind !== 'spawnFailed') return resolveExitStatus(exit)
    const code = exit.status === 127 ? 'PROCESS_NOT_FOUND' : 'PROCESS_NOT_EXECUTABLE'
    throw new NixpackError(exit.status === 125 ? 'CONTROL_REFUSED' : code, `cannot run task "${task.name}": ${exit.message}`)
  }
  return {
    status: run(),
    cancel() {
      isCancelled = true
      if (child === undefined) cancelled.reject(new NixpackError('CONTROL_REFUSED', `cannot run task "${task.name}": nobody waits for it any more`))
      else kill(child)
    },
  }
}

/** Descendants that have left the session may hold a pipe for ever: silence of so long is the end, unless it is the listener's. */
const drain = async (readers: readonly StreamReader[]): Promise<void> => {
  for (;;) {
    const before = countBytes(readers)
    const allEnded = Promise.all(readers.map(({ ended }) => ended)).then(() => true)
    if (await Promise.race([allEnded, waitAtMost(DRAIN_MS)])) return
    if (countBytes(readers) === before && !readers.some(({ isPaused }) => isPaused)) return
  }
}

const DRAIN_MS = 250

const countBytes = (readers: readonly StreamReader[]): number => readers.reduce((sum, { bytesRead }) => sum + bytesRead, 0)

const waitAtMost = (ms: number): Promise<false> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms, false).unref()
  })

const kill = (child: Child | undefined): void => {
  if (child?.pid === undefined) return
  const descendants = readSpawnedDescendants(child.pid)
  child.signal('session', 'SIGKILL')
  signalProcesses(descendants, 'SIGKILL')
}

const readPipes = (pipes: PipeFds, { lines, room }: TaskListeners): readonly StreamReader[] =>
  STREAMS.flatMap((stream) => {
    const fd = pipes[stream]
    if (fd === undefined) return []
    const publish = ({ bytes }: { readonly bytes: Buffer }): void => lines(stream, decodeLines(bytes))
    return [createStreamReader({ fd, lineMaxBytes: LINE_CAP_BYTES, partialTimeoutMs: PARTIAL_LINE_MS, room, publish })]
  })

const STREAMS: readonly LogStream[] = ['out', 'err']
const PARTIAL_LINE_MS = 200
