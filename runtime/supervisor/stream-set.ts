// The pipes of all runs of all processes that still have a writer, and where their lines go. A process waits for its
// own file, and for our output or a reader of its lines as its policy says; never for those of others.

import type { LogSpec, StreamTarget } from '../contract/process-spec.ts'
import type { LinePrinter } from '../log/line-printer.ts'
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
  /** Resolves when all pipes have ended, or nothing has come from those that are left for so long; and all files are written. */
  drain(idleMs: number): Promise<void>
  /** Reads no more; what was read is written. */
  close(): Promise<void>
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

export type StreamSetOptions = { readonly hub: LogHub; readonly files: LogFiles; readonly printer: LinePrinter }

export const createStreamSet = (options: StreamSetOptions): StreamSet => {
  const { hub, files } = options
  const readers = new Set<StreamReader>()
  const held = new Set<(pid: undefined) => unknown>()
  let flushUntilMs: number | undefined
  const flush = async (): Promise<void> => {
    flushUntilMs ??= performance.now() + FLUSH_MAX_MS
    await settleWithin(files.flush(), Math.max(0, flushUntilMs - performance.now()))
  }
  /** Somebody who got away may hold a pipe for ever, silent or not. */
  const readToEnd = async (idleMs: number): Promise<void> => {
    const giveUpAtMs = performance.now() + DRAIN_MAX_MS
    while (readers.size > 0 && performance.now() < giveUpAtMs) {
      const now = [...readers]
      const before = now.map(({ bytesRead }) => bytesRead)
      if (await settleWithin(Promise.all(now.map(({ ended }) => ended)), idleMs)) return
      if (now.every(({ bytesRead, isPaused }, at) => bytesRead === before[at] && !isPaused)) return
    }
  }
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
    async drain(idleMs) {
      for (const begin of held) begin(undefined)
      await readToEnd(idleMs)
      await flush()
    },
    async close() {
      for (const begin of held) begin(undefined)
      const left = [...readers]
      for (const reader of left) reader.destroy()
      await Promise.all(left.map(({ ended }) => ended))
      await flush()
    },
  }
}

/** In all, of the end: a disk that takes nothing for so long has had its chance; who waits for a reader that does not come, too. */
const FLUSH_MAX_MS = 5000
const DRAIN_MAX_MS = 10_000

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

type Terms = Parameters<LinePrinter['open']>[0]

/** What goes to /dev/null has no pipe; if it has one, it is read and kept for `logs`. */
const openDestination = ({ printer, files }: StreamSetOptions, target: StreamTarget, terms: Terms): Destination | undefined => {
  if (target.kind === 'log') return printer.open(terms)
  return target.kind === 'file' ? files.open(target, terms) : undefined
}

/** Whether it settled in time. */
const settleWithin = async (settled: Promise<unknown>, timeoutMs: number): Promise<boolean> => {
  const timeout = Promise.withResolvers<false>()
  const timer = setTimeout(timeout.resolve, timeoutMs, false)
  const isSettled = await Promise.race([settled.then(() => true), timeout.promise])
  clearTimeout(timer)
  return isSettled
}
