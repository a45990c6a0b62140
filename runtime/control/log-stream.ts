// Lines as server-sent events: the latest ones that are kept, then what follows. A reader that does not keep up loses
// lines, except those of processes that are declared to wait for it.

import type { LogBatch } from '../contract/control.ts'
import type { LogEvent } from '../log/log-event.ts'
import { decodeLines } from '../log/log-hub.ts'
import type { LogHub, Recollection } from '../log/log-hub.ts'
import { BACKLOG_MAX_BYTES } from './event-stream.ts'
import type { EventStream } from './event-stream.ts'

export type LogsRequest = Recollection & {
  readonly follow: boolean
  /** Aborted when there will be no more lines. */
  readonly end: AbortSignal
}

export const streamLogs = (stream: EventStream, hub: LogHub, { follow, end, ...recollection }: LogsRequest): void => {
  const { events, linesCut } = keepNewest(hub.recent(recollection))
  /** What comes before all of this is sent goes behind it. */
  const backlog = [...events]
  let [linesSkipped, waitingBytes, hasEnded] = [linesCut, 0, false]
  const tellSkipped = (): void => {
    if (linesSkipped > 0 && stream.send({ kind: 'skipped', data: linesSkipped })) linesSkipped = 0
  }
  const send = (event: LogEvent): void => {
    tellSkipped()
    if (linesSkipped > 0 || !stream.send({ kind: 'message', id: event.sequence, data: createBatch(event) })) linesSkipped += event.lineCount
  }
  const receive = (event: LogEvent): void => {
    if (backlog.length === 0) return send(event)
    waitingBytes += event.bytes.length + EVENT_BYTES
    if (waitingBytes > BACKLOG_MAX_BYTES) linesSkipped += event.lineCount
    else backlog.push({ ...event, bytes: Buffer.from(event.bytes) })
  }
  /** As fast as the reader takes it. */
  const feed = (): void => {
    while (!stream.isFull) {
      const event = backlog.shift()
      if (event === undefined) break
      send(event)
    }
    if (backlog.length > 0) return
    waitingBytes = 0
    tellSkipped()
    if ((follow && !end.aborted) || linesSkipped > 0 || hasEnded) return
    hasEnded = true
    stream.end()
  }
  stream.onDrain(feed)
  if (follow) {
    const unsubscribe = hub.subscribe(recollection, receive)
    const blocker = hub.addBlocker(recollection, () => stream.isFull || waitingBytes > BACKLOG_MAX_BYTES / 4)
    stream.onDrain(() => blocker.freed())
    end.addEventListener('abort', feed)
    stream.onClose(() => {
      unsubscribe()
      blocker.remove()
      end.removeEventListener('abort', feed)
    })
  }
  feed()
}

/** What is held of an event besides its lines: many have two bytes. */
const EVENT_BYTES = 256

type Backlog = { readonly events: readonly LogEvent[]; readonly linesCut: number }

/** Many processes may have more than is held for one reader: then the latest lines matter most. */
const keepNewest = (events: readonly LogEvent[]): Backlog => {
  let sizeBytes = 0
  const last = events.findLastIndex(({ bytes }) => (sizeBytes += bytes.length) > BACKLOG_MAX_BYTES)
  return { events: events.slice(last + 1), linesCut: events.slice(0, last + 1).reduce((lines, { lineCount }) => lines + lineCount, 0) }
}

const createBatch = ({ process, label, index, stream, pid, timeMs, firstLine, bytes }: LogEvent): LogBatch => ({
  process,
  label,
  index,
  stream,
  pid: pid ?? null,
  timeMs,
  firstLine,
  lines: [...decodeLines(bytes)],
})
