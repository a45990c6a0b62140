// The pipes of all runs of all processes that still have a writer. Pauses them together when our own output is
// congested, so that the kernel's pipe buffers slow the writers down and nothing has to be dropped.

import type { LineBatch } from '../log/line-assembler.ts'
import type { LogStream } from '../log/ring.ts'
import type { Pipes } from './fifo.ts'
import { createStreamReader } from './stream-reader.ts'
import type { StreamReader } from './stream-reader.ts'

export type StreamSet = {
  /** Returns the drain of this run: everything written so far is published, or the pipes have ended. */
  add(pipes: Pipes, publish: (stream: LogStream, lines: LineBatch) => void): Drain
  setPaused(isPaused: boolean): void
  /** Resolves when all pipes have ended or the time is over. */
  drain(timeoutMs: number): Promise<void>
  destroy(): void
}

export type Drain = (timeoutMs: number) => Promise<void>

export const createStreamSet = (): StreamSet => {
  const readers = new Set<StreamReader>()
  let isPaused = false
  const follow = (reader: StreamReader): StreamReader => {
    readers.add(reader)
    if (isPaused) reader.pause()
    void reader.ended.then(() => readers.delete(reader))
    return reader
  }
  return {
    add(pipes, publish) {
      const both = [
        follow(createStreamReader(pipes.out, (lines) => publish('out', lines))),
        follow(createStreamReader(pipes.err, (lines) => publish('err', lines))),
      ]
      return async (timeoutMs) => {
        await settleWithin(both, timeoutMs)
        for (const reader of both) reader.flush()
      }
    },
    setPaused(now) {
      isPaused = now
      for (const reader of readers) setReaderPaused(reader, now)
    },
    drain: (timeoutMs) => settleWithin([...readers], timeoutMs),
    destroy() {
      for (const reader of readers) reader.destroy()
    },
  }
}

const setReaderPaused = (reader: StreamReader, isPaused: boolean): void => {
  if (isPaused) reader.pause()
  else reader.resume()
}

const settleWithin = async (readers: readonly StreamReader[], timeoutMs: number): Promise<void> => {
  const timeout = Promise.withResolvers<void>()
  const timer = setTimeout(timeout.resolve, timeoutMs)
  await Promise.race([Promise.all(readers.map(({ ended }) => ended)), timeout.promise])
  clearTimeout(timer)
}
