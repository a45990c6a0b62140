// The latest lines of one process, in one piece of memory that grows with use up to its bound. Batches of lines go
// in with a fixed header; the oldest go out. Headers are in the memory too, so short lines cannot exceed the bound.

import { LINE_FEED } from './count-lines.ts'
import { resolveCut } from './line-cut.ts'
import type { LogStream } from './log-event.ts'

export type RingEntry = {
  readonly stream: LogStream
  readonly index: number
  readonly pid: number | undefined
  readonly timeMs: number
  readonly sequence: number
  /** Of the last line of `bytes`, among those of its source. */
  readonly lastLine: number
  readonly bytes: Buffer
}

export type Ring = {
  /**
   * Copies. Of a batch above a quarter of the capacity its last whole lines are kept, and nothing older; of a last line
   * above half of it the beginning.
   */
  push(entry: RingEntry): void
  /** Oldest first. The bytes are copies. */
  entries(): readonly RingEntry[]
}

export const createRing = (capacityBytes: number): Ring => {
  let memory = Buffer.allocUnsafeSlow(Math.min(capacityBytes, FIRST_BYTES))
  // Places count on for ever; they are taken modulo the size.
  let start = 0
  let end = 0

  const read = (place: number, sizeBytes: number): Buffer => {
    const at = place % memory.length
    const first = memory.subarray(at, at + sizeBytes)
    return Buffer.concat([first, memory.subarray(0, sizeBytes - first.length)])
  }
  const write = (bytes: Buffer): void => {
    const at = end % memory.length
    const copied = bytes.copy(memory, at)
    if (copied < bytes.length) bytes.copy(memory, 0, copied)
    end += bytes.length
  }
  const grow = (neededBytes: number): void => {
    const kept = read(start, end - start)
    let sizeBytes = memory.length
    while (sizeBytes < neededBytes && sizeBytes < capacityBytes) sizeBytes = Math.min(sizeBytes * 2, capacityBytes)
    memory = Buffer.allocUnsafeSlow(sizeBytes)
    start = 0
    end = 0
    write(kept)
  }
  const makeRoom = (sizeBytes: number): void => {
    const neededBytes = end - start + sizeBytes
    if (neededBytes > memory.length && memory.length < capacityBytes) grow(neededBytes)
    while (end - start + sizeBytes > memory.length) start += HEADER_BYTES + read(start, HEADER_BYTES).readUInt32LE(0)
  }
  return {
    push(entry) {
      const bytes = keepTail(entry.bytes, capacityBytes)
      // What came before a gap would soon be overwritten anyway.
      if (bytes !== entry.bytes) start = end
      makeRoom(HEADER_BYTES + bytes.length)
      write(encodeHeader(entry, bytes.length))
      write(bytes)
    },
    entries() {
      const found: RingEntry[] = []
      for (let place = start; place < end;) {
        const header = read(place, HEADER_BYTES)
        const sizeBytes = header.readUInt32LE(0)
        found.push(decodeEntry(header, read(place + HEADER_BYTES, sizeBytes)))
        place += HEADER_BYTES + sizeBytes
      }
      return found
    },
  }
}

/** Most processes say little. */
const FIRST_BYTES = 4096

const keepTail = (bytes: Buffer, capacityBytes: number): Buffer => {
  const limitBytes = capacityBytes / 4 - HEADER_BYTES
  if (bytes.length <= limitBytes) return bytes
  const tail = bytes.subarray(bytes.indexOf(LINE_FEED, bytes.length - limitBytes - 1) + 1)
  return tail.length > 0 ? tail : keepLine(bytes.subarray(bytes.lastIndexOf(LINE_FEED, -2) + 1), capacityBytes / 2)
}

const keepLine = (line: Buffer, limitBytes: number): Buffer =>
  line.length <= limitBytes ? line : Buffer.concat([line.subarray(0, resolveCut(line, 0, limitBytes - CUT_END.length)), CUT_END])

const CUT_END = Buffer.from(' [...]\n')

const HEADER_BYTES = 40
const header = Buffer.alloc(HEADER_BYTES)

/** Length, index and stream, pid (0: none), time, sequence, last line. */
const encodeHeader = ({ index, stream, pid, timeMs, sequence, lastLine }: RingEntry, sizeBytes: number): Buffer => {
  header.writeUInt32LE(sizeBytes, 0)
  header.writeUInt32LE(index * 2 + (stream === 'err' ? 1 : 0), 4)
  header.writeUInt32LE(pid ?? 0, 8)
  header.writeDoubleLE(timeMs, 16)
  header.writeDoubleLE(sequence, 24)
  header.writeDoubleLE(lastLine, 32)
  return header
}

const decodeEntry = (encoded: Buffer, bytes: Buffer): RingEntry => {
  const indexAndStream = encoded.readUInt32LE(4)
  return {
    stream: indexAndStream % 2 === 1 ? 'err' : 'out',
    index: Math.floor(indexAndStream / 2),
    pid: encoded.readUInt32LE(8) || undefined,
    timeMs: encoded.readDoubleLE(16),
    sequence: encoded.readDoubleLE(24),
    lastLine: encoded.readDoubleLE(32),
    bytes,
  }
}
