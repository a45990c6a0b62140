// The latest lines of one process, bounded in bytes: whole batches go in, the oldest batches go out.

import type { LineBatch } from './line-assembler.ts'

export type RingEntry = { readonly stream: LogStream; readonly bytes: Buffer; readonly sequence: number }
export type LogStream = 'out' | 'err'

export type Ring = {
  push(stream: LogStream, lines: LineBatch, sequence: number): void
  entries(): readonly RingEntry[]
}

export const createRing = (capacityBytes: number): Ring => {
  const entries: RingEntry[] = []
  let sizeBytes = 0
  return {
    push(stream, { bytes }, sequence) {
      const kept = own(bytes.length > capacityBytes ? keepTail(bytes, capacityBytes) : bytes)
      entries.push({ stream, bytes: kept, sequence })
      sizeBytes += kept.length
      while (sizeBytes > capacityBytes) sizeBytes -= entries.shift()?.bytes.length ?? 0
    },
    entries: () => [...entries],
  }
}

const keepTail = (bytes: Buffer, limitBytes: number): Buffer => bytes.subarray(bytes.indexOf(0x0a, bytes.length - limitBytes - 1) + 1)

/** A few bytes would keep the whole slab alive that Node cut them from (Buffer.poolSize). */
const own = (bytes: Buffer): Buffer => (bytes.buffer.byteLength > bytes.length * 2 ? Buffer.from(Uint8Array.from(bytes).buffer) : bytes)
