// Lines as server-sent events. A reader that does not keep up loses lines and is told how many; nobody else waits.

import type { ServerResponse } from 'node:http'
import type { LogBatch } from '../contract/control.ts'
import { decodeLines } from '../log/log-hub.ts'
import type { LogEvent, LogHub } from '../log/log-hub.ts'

export type LogSelection = {
  readonly processes: readonly string[]
  readonly follow: boolean
  /** Aborted when there will be no more lines. */
  readonly end: AbortSignal
}

export const streamLogs = (response: ServerResponse, hub: LogHub, selection: LogSelection): void => {
  const { processes, follow, end } = selection
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', connection: 'close' })
  for (const event of hub.recent(processes)) response.write(renderEvent(event))
  if (!follow) {
    response.end()
    return
  }
  let linesSkipped = 0
  const unsubscribe = hub.subscribe((event) => {
    if (!processes.includes(event.process)) return
    if (response.writableLength > BACKLOG_MAX_BYTES) {
      linesSkipped += decodeLines(event.bytes).length
      return
    }
    if (linesSkipped > 0) response.write(`event: skipped\ndata: ${linesSkipped}\n\n`)
    linesSkipped = 0
    response.write(renderEvent(event))
  })
  const finish = (): void => {
    unsubscribe()
    response.end()
  }
  end.addEventListener('abort', finish)
  response.on('close', () => {
    unsubscribe()
    end.removeEventListener('abort', finish)
  })
  response.flushHeaders()
}

const BACKLOG_MAX_BYTES = 4_194_304

const renderEvent = ({ process, stream, bytes }: LogEvent): string => {
  const batch: LogBatch = { process, stream, lines: [...decodeLines(bytes)] }
  return `data: ${JSON.stringify(batch)}\n\n`
}
