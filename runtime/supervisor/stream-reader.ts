// Reads one pipe of a child to its very end and turns it into lines. Reading never stops because a process has
// ended: a grandchild may still hold the pipe, and its words count.

import type { Socket } from 'node:net'
import { createLineAssembler } from '../log/line-assembler.ts'
import type { LineBatch } from '../log/line-assembler.ts'

export type StreamReader = {
  readonly ended: Promise<void>
  pause(): void
  resume(): void
  /** Publishes an unfinished line now. */
  flush(): void
  destroy(): void
}

export const createStreamReader = (socket: Socket, publish: (lines: LineBatch) => void): StreamReader => {
  const assembler = createLineAssembler()
  let partialTimer: NodeJS.Timeout | undefined
  const flush = (): void => {
    clearTimeout(partialTimer)
    const lines = assembler.flush()
    if (lines !== undefined) publish(lines)
  }
  socket.on('data', (chunk: Buffer) => {
    clearTimeout(partialTimer)
    const lines = assembler.push(chunk)
    if (lines !== undefined) publish(lines)
    if (assembler.hasPartialLine) partialTimer = setTimeout(flush, PARTIAL_LINE_MS)
  })
  // A read error of a pipe has no remedy; `close` follows, and with it the flush.
  socket.on('error', () => undefined)
  const ended = new Promise<void>((resolve) => {
    socket.on('close', () => {
      flush()
      resolve()
    })
  })
  return {
    ended,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    flush,
    destroy: () => socket.destroy(),
  }
}

/** A prompt, or a progress display: shown although its line is not finished. */
const PARTIAL_LINE_MS = 2000
