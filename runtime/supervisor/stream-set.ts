// The pipes of all runs of all processes that still have a writer, and where their lines go. A process waits for its
// own file, and for our output or a reader of its lines as its policy says; never for those of others.

import type { LogSpec, StreamTarget } from '../contract/process-spec.ts'
import type { LogConsole } from '../log/console.ts'
import type { Destination } from '../log/destination.ts'
import type { LogSource, LogStream } from '../log/log-event.ts'
import type { LogFiles } from '../log/log-files.ts'
import type { LogHub } from '../log/log-hub.ts'
import { combineRooms } from '../log/room.ts'
import { createStreamReader } from './stream-reader.ts'
import type { StreamReader } from './stream-reader.ts'

export type StreamSet = {
  /** Reads the pipes of one run to their ends. */
  add(run: StreamedRun): RunLog
  /** Resolves when all pipes have ended and all files are written, or the time is over. */
  drain(timeoutMs: number): Promise<void>
  /** Reads no more; what was read is written, as long as the time allows. */
  close(timeoutMs: number): Promise<void>
}

export type StreamedRun = Pick<LogSource, 'process' | 'index' | 'label'> & {
  readonly spec: LogSpec
  /** Open for reading, not blocking; from now on ours. */
  readonly pipes: Partial<Readonly<Record<LogStream, number>>>
  readonly stdout: StreamTarget
  readonly stderr: StreamTarget
  /** Its words belong to the run of the process. */
  readonly isHook?: boolean
}

export type RunLog = {
  /** To be called when the pid is known: not before is anything read, since each line is told with it. */
  begin(pid: number | undefined): void
  /** After the exit: everything written so far is published, or the time is over. Reading goes on if a pipe is still held. */
  drain(timeoutMs: number): Promise<void>
}

export type StreamSetOptions = { readonly hub: LogHub; readonly files: LogFiles; readonly console: LogConsole }

export const createStreamSet = (options: StreamSetOptions): StreamSet => {
  const { hub, files } = options
  const readers = new Set<StreamReader>()
  const held = new Set<(pid: undefined) => unknown>()
  const drain = (timeoutMs: number): Promise<void> => settleWithin(Promise.all([...readers].map(({ ended }) => ended)).then(files.flush), timeoutMs)
  return {
    add(run) {
      if (run.isHook !== true) hub.markRun(run.label)
      let added: readonly StreamReader[] | undefined
      const begin = (pid: number | undefined): readonly StreamReader[] => {
        if (added !== undefined) return added
        held.delete(begin)
        added = STREAMS.flatMap((stream) => createRunReader(options, { ...run, stream, pid }))
        for (const reader of added) {
          readers.add(reader)
          void reader.ended.then(() => readers.delete(reader))
        }
        return added
      }
      held.add(begin)
      return {
        begin: (pid) => void begin(pid),
        async drain(timeoutMs) {
          const all = begin(undefined)
          await settleWithin(Promise.all(all.map(({ ended }) => ended)), timeoutMs)
          for (const reader of all) reader.flush()
        },
      }
    },
    drain(timeoutMs) {
      for (const begin of held) begin(undefined)
      return drain(timeoutMs)
    },
    close(timeoutMs) {
      for (const begin of held) begin(undefined)
      for (const reader of readers) reader.destroy()
      return drain(timeoutMs)
    },
  }
}

const STREAMS: readonly LogStream[] = ['out', 'err']

type BegunStream = StreamedRun & { readonly stream: LogStream; readonly pid: number | undefined }

const createRunReader = (options: StreamSetOptions, run: BegunStream): readonly StreamReader[] => {
  const { hub } = options
  const { process, index, label, spec, pid, stream, pipes } = run
  const fd = pipes[stream]
  if (fd === undefined) return []
  const source: LogSource = { process, index, label, stream, onSlow: spec.onSlow }
  const dropped = (lines: number): void => hub.addDropped(process, lines)
  const destination = openDestination(options, stream === 'out' ? run.stdout : run.stderr, { ansi: spec.ansi, onSlow: spec.onSlow, dropped })
  const rooms = [...(destination === undefined ? [] : [destination]), ...(spec.onSlow === 'block' ? [hub.room(source)] : [])]
  const reader = createStreamReader({
    fd,
    lineMaxBytes: spec.lineMaxBytes,
    partialTimeoutMs: spec.partialTimeoutMs,
    room: combineRooms(rooms),
    publish: (lines) => {
      const event = hub.publish(source, { ...lines, pid, timeMs: Date.now() })
      destination?.write(event)
    },
  })
  void reader.ended.then(() => destination?.close())
  return [reader]
}

type Terms = Parameters<LogConsole['open']>[0]

/** What goes to /dev/null has no pipe; if it has one, it is read and kept for `logs`. */
const openDestination = ({ console, files }: StreamSetOptions, target: StreamTarget, terms: Terms): Destination | undefined => {
  if (target.kind === 'log') return console.open(terms)
  return target.kind === 'file' ? files.open(target, terms) : undefined
}

const settleWithin = async (settled: Promise<unknown>, timeoutMs: number): Promise<void> => {
  const timeout = Promise.withResolvers<void>()
  const timer = setTimeout(timeout.resolve, timeoutMs)
  await Promise.race([settled, timeout.promise])
  clearTimeout(timer)
}
