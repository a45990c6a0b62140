// Reads one pipe of a child to its very end and turns it into lines. Reading never stops because a process has
// ended: a grandchild may still hold the pipe, and its words count. All pipes are read into the same memory, so that
// a silent one costs none.

import { Socket } from 'node:net'
import type { LogSpec } from '../contract/process-spec.ts'
import { createLineAssembler } from '../log/line-assembler.ts'
import type { AssembledLines } from '../log/line-assembler.ts'
import { fitReadBuffer, HEADROOM_BYTES, resolveReadBuffer } from '../log/read-memory.ts'
import type { Room } from '../log/room.ts'
import { createReadPace, REST_MS } from './read-pace.ts'

export type StreamReader = {
  readonly ended: Promise<void>
  readonly bytesRead: number
  /** Whoever takes its lines has no room. */
  readonly isPaused: boolean
  /** Publishes an unfinished line now. */
  flush(): void
  destroy(): void
}

export type StreamReaderOptions = Pick<LogSpec, 'lineMaxBytes' | 'partialTimeoutMs'> & {
  /** Open for reading, not blocking; closed by the reader. */
  readonly fd: number
  /** While it is full, nothing is read: the kernel's pipe fills, and its writer waits. */
  readonly room: Room
  /** The bytes are borrowed. */
  readonly publish: (lines: AssembledLines) => void
}

export const createStreamReader = ({ fd, lineMaxBytes, partialTimeoutMs, room, publish }: StreamReaderOptions): StreamReader => {
  const assembler = createLineAssembler(lineMaxBytes)
  const pace = createReadPace()
  let partialTimer: NodeJS.Timeout | undefined
  let restTimer: NodeJS.Timeout | undefined
  let isPaused = false
  let bytesRead = 0

  const flush = (isEnd: boolean): void => {
    clearTimeout(partialTimer)
    partialTimer = undefined
    const lines = assembler.flush(isEnd)
    if (lines !== undefined) publish(lines)
  }
  /** While nothing is read, nobody knows whether the line goes on. */
  const onPartialTimeout = (): void => {
    if (isPaused) partialTimer?.refresh()
    else flush(false)
  }
  const watchPartialLine = (): void => {
    if (!assembler.hasPartialLine) {
      clearTimeout(partialTimer)
      partialTimer = undefined
    } else if (partialTimer === undefined) partialTimer = setTimeout(onPartialTimeout, partialTimeoutMs)
    else partialTimer.refresh()
  }
  const resume = (): void => {
    if (room.isFull()) return room.whenRoom(resume)
    isPaused = false
    socket.resume()
  }
  const rest = (): void => {
    if (restTimer === undefined) restTimer = setTimeout(() => socket.resume(), REST_MS)
    else restTimer.refresh()
  }
  /** False stops reading. */
  const receive = (sizeBytes: number, memory: Uint8Array): boolean => {
    fitReadBuffer(sizeBytes)
    bytesRead += sizeBytes
    const lines = assembler.push(Buffer.from(memory.buffer, memory.byteOffset, sizeBytes), HEADROOM_BYTES)
    if (lines !== undefined) publish(lines)
    watchPartialLine()
    if (!room.isFull()) {
      const needsRest = pace.needsRest(sizeBytes, memory.length)
      if (needsRest) rest()
      return !needsRest
    }
    isPaused = true
    room.whenRoom(resume)
    return false
  }
  const socket = new Socket({ fd, readable: true, writable: false, onread: { buffer: resolveReadBuffer, callback: receive } })
  // A read error of a pipe has no remedy; `close` follows, and with it the flush.
  socket.on('error', () => undefined)
  const ended = new Promise<void>((resolve) => {
    socket.on('close', () => {
      clearTimeout(restTimer)
      flush(true)
      resolve()
    })
  })
  return {
    ended,
    get bytesRead() {
      return bytesRead
    },
    get isPaused() {
      return isPaused
    },
    flush: () => {
      if (!isPaused) flush(false)
    },
    destroy: () => socket.destroy(),
  }
}
