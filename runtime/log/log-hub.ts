// Where all lines of all processes meet: numbered, counted, kept in a ring for `logs`, handed to subscribers. Where
// they are written is not decided here. A subscriber is called synchronously and must not block.

import { countLines } from './count-lines.ts'
import type { LogCounters, LogEvent, LogSelection, LogSource } from './log-event.ts'
import { createRing } from './ring.ts'
import type { Ring, RingEntry } from './ring.ts'
import { createWaiters } from './room.ts'
import type { Room } from './room.ts'
import type { AssembledLines } from './line-assembler.ts'

export type Publication = AssembledLines & { readonly pid: number | undefined; readonly timeMs: number }

export type Recollection = LogSelection & {
  /** Only events behind this one. */
  readonly after?: number | undefined
  /** Only so many lines, the latest. */
  readonly lines?: number | undefined
}

export type LogHub = {
  publish(source: LogSource, publication: Publication): LogEvent
  /** Lines of a process that could not be given to whoever was to have them. */
  addDropped(process: string, lines: number): void
  counters(process: string): LogCounters
  /** Nothing of a process that is no longer declared is kept. */
  forget(process: string): void
  /** Of the latest event; they are numbered through. */
  readonly sequence: number
  subscribe(selection: LogSelection, listener: (event: LogEvent) => void): () => void
  /** What is kept, in the order of its arrival. These bytes are copies. */
  recent(recollection: Recollection): readonly LogEvent[]
  /** Lines from here on belong to the next run of this instance. */
  markRun(label: string): void
  /** The last lines of the latest run. */
  lastLines(label: string, limit: number): readonly string[]
  /** Lets sources of processes that are to wait for their readers wait for this one, too. */
  addBlocker(selection: LogSelection, isFull: () => boolean): Blocker
  room(source: LogSource): Room
  /** The end is wanted: from now on nobody waits for a reader. */
  readonly hurry: () => void
}

export type Blocker = { freed(): void; remove(): void }

type ProcessLog = { readonly ring: Ring; readonly sources: Map<string, LogSource>; counters: LogCounters }

export const createLogHub = (ringBytes = RING_BYTES): LogHub => {
  const logs = new Map<string, ProcessLog>()
  const listeners = new Set<readonly [LogSelection, (event: LogEvent) => void]>()
  const blockers = new Set<readonly [LogSelection, () => boolean]>()
  const waiters = createWaiters()
  const linesOf = new Map<string, number>()
  const runs = new Map<string, number>()
  let sequence = 0
  let isHurried = false

  const resolveLog = (process: string): ProcessLog => {
    const known = logs.get(process)
    if (known !== undefined) return known
    const log = { ring: createRing(ringBytes), sources: new Map<string, LogSource>(), counters: NOTHING }
    logs.set(process, log)
    return log
  }
  const recent = ({ names, after = 0, lines }: Recollection): readonly LogEvent[] => {
    const events = [...logs.values()]
      .filter(({ sources }) => [...sources.values()].some((source) => selects(names, source)))
      .flatMap(({ ring, sources }) => ring.entries().flatMap((entry) => recall(sources.get(keyOf(entry)), entry)))
      .filter((event) => event.sequence > after && selects(names, event))
      .toSorted((left, right) => left.sequence - right.sequence)
    return lines === undefined ? events : keepLastLines(events, lines)
  }
  return {
    publish(source, { bytes, truncated, pid, timeMs }) {
      const { process, index, label, stream } = source
      const log = resolveLog(process)
      const lineCount = countLines(bytes)
      const key = `${label} ${stream}`
      const firstLine = (linesOf.get(key) ?? 0) + 1
      const lastLine = firstLine + lineCount - 1
      sequence += 1
      linesOf.set(key, lastLine)
      log.sources.set(keyOf(source), source)
      log.counters = addCounters(log.counters, { lines: lineCount, bytes: bytes.length, truncated, dropped: 0 })
      log.ring.push({ stream, index, pid, timeMs, sequence, lastLine, bytes })
      const event = { ...source, sequence, firstLine, lineCount, timeMs, pid, bytes }
      for (const [{ names }, listener] of listeners) if (selects(names, event)) listener(event)
      return event
    },
    addDropped(process, dropped) {
      const log = resolveLog(process)
      log.counters = addCounters(log.counters, { ...NOTHING, dropped })
    },
    counters: (process) => logs.get(process)?.counters ?? NOTHING,
    forget(process) {
      for (const { label, stream } of logs.get(process)?.sources.values() ?? []) {
        linesOf.delete(`${label} ${stream}`)
        runs.delete(label)
      }
      logs.delete(process)
    },
    get sequence() {
      return sequence
    },
    subscribe(selection, listener) {
      const entry = [selection, listener] as const
      listeners.add(entry)
      return () => listeners.delete(entry)
    },
    recent,
    markRun: (label) => void runs.set(label, sequence),
    lastLines(label, limit) {
      const events = recent({ names: new Set([label]), after: runs.get(label), lines: limit })
      return events.filter((event) => event.label === label).flatMap(({ bytes }) => decodeLines(bytes))
    },
    addBlocker(selection, isFull) {
      const entry = [selection, isFull] as const
      blockers.add(entry)
      return {
        freed: waiters.wake,
        remove() {
          blockers.delete(entry)
          waiters.wake()
        },
      }
    },
    room: (source) => ({
      isFull: () => !isHurried && [...blockers].some(([{ names }, isFull]) => selects(names, source) && isFull()),
      whenRoom: waiters.add,
    }),
    hurry() {
      isHurried = true
      waiters.wake()
    },
  }
}

/** Of each process, at most. */
const RING_BYTES = 262_144

const NOTHING: LogCounters = { lines: 0, bytes: 0, truncated: 0, dropped: 0 }

const addCounters = (left: LogCounters, right: LogCounters): LogCounters => ({
  lines: left.lines + right.lines,
  bytes: left.bytes + right.bytes,
  truncated: left.truncated + right.truncated,
  dropped: left.dropped + right.dropped,
})

const selects = (names: LogSelection['names'], { process, label }: Pick<LogSource, 'process' | 'label'>): boolean =>
  names === undefined || names.has(process) || names.has(label)

const keyOf = ({ index, stream }: Pick<LogSource, 'index' | 'stream'>): string => `${index} ${stream}`

const recall = (source: LogSource | undefined, { lastLine, ...entry }: RingEntry): readonly LogEvent[] => {
  if (source === undefined) return []
  const lineCount = countLines(entry.bytes)
  return [{ ...source, ...entry, lineCount, firstLine: lastLine - lineCount + 1 }]
}

const keepLastLines = (events: readonly LogEvent[], limit: number): readonly LogEvent[] => {
  let missing = limit
  const kept: LogEvent[] = []
  for (const event of events.toReversed()) {
    if (missing <= 0) break
    kept.push(event.lineCount <= missing ? event : cutToLast(event, missing))
    missing -= event.lineCount
  }
  return kept.toReversed()
}

const cutToLast = (event: LogEvent, lines: number): LogEvent => {
  let at = event.bytes.length - 1
  for (let found = 0; found < lines; found += 1) at = event.bytes.lastIndexOf(0x0a, at - 1)
  return { ...event, firstLine: event.firstLine + event.lineCount - lines, lineCount: lines, bytes: event.bytes.subarray(at + 1) }
}

export const decodeLines = (bytes: Buffer): readonly string[] => bytes.toString('utf8', 0, bytes.length - 1).split('\n')
