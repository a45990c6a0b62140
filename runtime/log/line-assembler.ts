// Bytes of one stream in, whole lines out. Works on bytes, so that no multi-byte character is ever torn: a line feed
// byte is never part of one. Nothing is lost; a line above the cap goes on on the next line.
// The usual chunk, many whole lines, costs a search for its last line feed, a look at every cap's worth, and no copy.

import { LINE_FEED } from './count-lines.ts'
import { resolveCut, unfinishedTail } from './line-cut.ts'

export type AssembledLines = {
  /** Complete lines, each ended by a line feed. Borrowed: valid until the next call. */
  readonly bytes: Buffer
  /** Places where a line was broken. */
  readonly truncated: number
}

export type LineAssembler = {
  /** `headroomBytes`: how much before the chunk, in the same memory, may be overwritten. */
  push(chunk: Buffer, headroomBytes?: number): AssembledLines | undefined
  /** The unfinished line, ended: because its writer has paused for long, or at the end of the stream. */
  flush(isEnd: boolean): AssembledLines | undefined
  readonly hasPartialLine: boolean
}

export const LINE_CAP_BYTES = 65_536

export const createLineAssembler = (capBytes: number = LINE_CAP_BYTES): LineAssembler => {
  const partial = createPartialLine()
  let wasFlushed = false
  let truncated = 0

  const createLines = (parts: readonly Buffer[]): AssembledLines | undefined => {
    const [first] = parts
    if (first === undefined) return undefined
    const lines = { bytes: parts.length === 1 ? first : Buffer.concat(parts), truncated }
    truncated = 0
    return lines
  }
  /** A line that was shown unfinished: its line feed says nothing new, anything else is a second piece of it. */
  const skipShownEnd = (received: Buffer): number => {
    if (!wasFlushed || received.length === 0) return 0
    wasFlushed = false
    // Something of it may be kept that could not be shown yet.
    if (received[0] === LINE_FEED && partial.length === 0) return 1
    truncated += 1
    return 0
  }
  return {
    push(received, headroomBytes = 0) {
      const skipped = skipShownEnd(received)
      const chunk = received.subarray(skipped)
      const room = headroomBytes + skipped
      const end = chunk.lastIndexOf(LINE_FEED) + 1
      if (end === 0 && partial.length + chunk.length <= capBytes) {
        partial.append(chunk)
        return undefined
      }
      const whole = breakLongLines(end === 0 ? EMPTY : partial.takeBefore(chunk.subarray(0, end), room), capBytes)
      const open = breakOpenLine(end === 0 ? partial.takeBefore(chunk, room) : chunk.subarray(end), capBytes)
      truncated += whole.count + open.count
      partial.append(open.rest)
      return createLines([...whole.parts, ...open.parts])
    },
    flush(isEnd) {
      const bytes = partial.takeBefore(EMPTY, 0)
      const end = bytes.length - (isEnd ? 0 : unfinishedTail(bytes))
      const lines = end === 0 ? undefined : createLines([bytes.subarray(0, end), LINE_END])
      if (lines !== undefined) wasFlushed = !isEnd
      partial.append(bytes.subarray(end))
      return lines
    },
    get hasPartialLine() {
      return partial.length > 0
    },
  }
}

const EMPTY = Buffer.alloc(0)
const LINE_END = Buffer.from('\n')

type PartialLine = {
  readonly length: number
  append(bytes: Buffer): void
  /** What is kept, followed by these bytes, in one piece; nothing is kept then. */
  takeBefore(bytes: Buffer, headroomBytes: number): Buffer
}

/** Grows by doubling: a line may come byte by byte. */
const createPartialLine = (): PartialLine => {
  let memory = EMPTY
  let length = 0
  return {
    get length() {
      return length
    },
    append(bytes) {
      if (length + bytes.length > memory.length) {
        const grown = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, memory.length * 2, length + bytes.length))
        memory.copy(grown, 0, 0, length)
        memory = grown
      }
      bytes.copy(memory, length)
      length += bytes.length
    },
    takeBefore(bytes, headroomBytes) {
      const kept = memory.subarray(0, length)
      length = 0
      if (memory.length > SPARE_BYTES) memory = EMPTY
      if (kept.length === 0) return bytes
      if (bytes.length === 0) return kept
      if (kept.length > headroomBytes) return Buffer.concat([kept, bytes])
      const joined = Buffer.from(bytes.buffer, bytes.byteOffset - kept.length, kept.length + bytes.length)
      kept.copy(joined)
      return joined
    },
  }
}

const FIRST_BYTES = 64
/** What a stream keeps between two lines. */
const SPARE_BYTES = 1024

type BrokenLines = { readonly parts: readonly Buffer[]; readonly count: number }

/** Of whole lines. Within every cap's worth there must be a line feed; only where there is none is a line too long. */
const breakLongLines = (bytes: Buffer, capBytes: number): BrokenLines => {
  if (bytes.length <= capBytes + 1) return { parts: bytes.length === 0 ? [] : [bytes], count: 0 }
  const parts: Buffer[] = []
  let copied = 0
  let start = 0
  let count = 0
  while (bytes.length - start > capBytes + 1) {
    const end = bytes.lastIndexOf(LINE_FEED, start + capBytes)
    if (end >= start) start = end + 1
    else {
      start = resolveCut(bytes, start, capBytes)
      parts.push(bytes.subarray(copied, start), LINE_END)
      copied = start
      count += 1
    }
  }
  parts.push(bytes.subarray(copied))
  return { parts, count }
}

/** What exceeds the cap need not wait for its line feed. */
const breakOpenLine = (bytes: Buffer, capBytes: number): BrokenLines & { readonly rest: Buffer } => {
  const parts: Buffer[] = []
  let start = 0
  while (bytes.length - start > capBytes) {
    const cut = resolveCut(bytes, start, capBytes)
    parts.push(bytes.subarray(start, cut), LINE_END)
    start = cut
  }
  return { parts, count: parts.length / 2, rest: bytes.subarray(start) }
}
