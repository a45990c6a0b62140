// Server-sent events to one reader. One that does not keep up loses events and can be told so; nobody else waits.

import type { ServerResponse } from 'node:http'

export type EventStream = {
  /** False when it was not sent: the reader is too slow, or gone. `message` is the kind that needs no name. */
  send(event: { readonly kind: string; readonly id?: number; readonly data: unknown }): boolean
  /** The next event would wait long. */
  readonly isFull: boolean
  /** For how long something has waited for the reader; 0 when nothing does. */
  readonly stalledMs: number
  /** Called whenever the reader has caught up. */
  onDrain(listener: () => void): void
  end(): void
  /** At once: what was not read yet is lost. */
  destroy(): void
  /** Called once, however it ends. */
  onClose(listener: () => void): void
}

export const createEventStream = (response: ServerResponse, ended: () => void): EventStream => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', connection: 'close' })
  response.flushHeaders()
  let stalledAtMs: number | undefined
  response.on('drain', () => (stalledAtMs = undefined))
  return {
    send({ kind, id, data }) {
      if (response.destroyed || response.writableEnded || response.writableLength > BACKLOG_MAX_BYTES) return false
      const name = kind === 'message' ? '' : `event: ${kind}\n`
      const isTaken = response.write(`${name}${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`)
      if (!isTaken) stalledAtMs ??= performance.now()
      return true
    },
    get isFull() {
      return !response.destroyed && response.writableLength > BACKLOG_MAX_BYTES / 4
    },
    get stalledMs() {
      return stalledAtMs === undefined ? 0 : performance.now() - stalledAtMs
    },
    onDrain: (listener) => response.on('drain', listener),
    end() {
      response.end()
      ended()
    },
    destroy: () => response.destroy(),
    onClose: (listener) => response.once('close', listener),
  }
}

/** Of each reader. */
export const BACKLOG_MAX_BYTES = 4_194_304
