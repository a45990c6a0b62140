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
  let linesSkipped = 0
  const tellSkipped = (): void => {
    if (linesSkipped > 0 && stream.send({ kind: 'skipped', data: linesSkipped })) linesSkipped = 0
  }
  const send = (event: LogEvent): void => {
    tellSkipped()
    if (linesSkipped > 0 || !stream.send({ kind: 'message', id: event.sequence, data: createBatch(event) })) linesSkipped += event.lineCount
  }
  for (const event of keepNewest(hub.recent(recollection))) send(event)
  if (!follow || end.aborted) return stream.end()
  const unsubscribe = hub.subscribe(recollection, send)
  const blocker = hub.addBlocker(recollection, () => stream.isFull)
  const finish = (): void => stream.end()
  stream.onDrain(() => {
    tellSkipped()
    blocker.freed()
  })
  end.addEventListener('abort', finish)
  stream.onClose(() => {
    unsubscribe()
    blocker.remove()
    end.removeEventListener('abort', finish)
  })
}

/** Many processes may have more than one reader is given at once: then the latest lines matter most. */
const keepNewest = (events: readonly LogEvent[]): readonly LogEvent[] => {
  let sizeBytes = 0
  const last = events.findLastIndex(({ bytes }) => (sizeBytes += bytes.length) > BACKLOG_MAX_BYTES / 2)
  return events.slice(last + 1)
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
