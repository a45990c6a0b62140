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

  /** A line that was shown unfinished: its line feed says nothing new, anything else is a second piece of it. */
  const skipEnd = (chunk: Buffer): number => (wasFlushed && chunk[0] === LINE_FEED ? 1 : 0)

  return {
    push(received, headroomBytes = 0) {
      if (received.length === 0) return undefined
      const skipped = skipEnd(received)
      const continued = wasFlushed && skipped === 0 ? 1 : 0
      wasFlushed = false
      const chunk = received.subarray(skipped)
      const end = chunk.lastIndexOf(LINE_FEED) + 1
      const whole = end === 0 ? EMPTY : partial.takeBefore(chunk.subarray(0, end), headroomBytes + skipped)
      const broken = breakLongLines(whole, capBytes)
      const open = breakOpenLine(end === 0 ? partial.takeBefore(chunk, headroomBytes + skipped) : chunk.subarray(end), capBytes)
      partial.keep(open.rest)
      return createLines([...broken.parts, ...open.parts], broken.count + open.count + continued)
    },
    flush(isEnd) {
      const bytes = partial.takeBefore(EMPTY, 0)
      const held = isEnd ? 0 : unfinishedTail(bytes)
      const end = bytes.length - held
      if (end === 0) {
        partial.keep(bytes)
        return undefined
      }
      wasFlushed = !isEnd
      partial.keep(bytes.subarray(end))
      return createLines([bytes.subarray(0, end), LINE_END], 0)
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
  /** What is kept, followed by these bytes, in one piece; nothing is kept then. */
  takeBefore(bytes: Buffer, headroomBytes: number): Buffer
  keep(bytes: Buffer): void
}

const createPartialLine = (): PartialLine => {
  let kept = EMPTY
  return {
    get length() {
      return kept.length
    },
    takeBefore(bytes, headroomBytes) {
      const before = kept
      kept = EMPTY
      if (before.length === 0) return bytes
      if (before.length > headroomBytes) return Buffer.concat([before, bytes])
      const joined = Buffer.from(bytes.buffer, bytes.byteOffset - before.length, before.length + bytes.length)
      before.copy(joined)
      return joined
    },
    keep(bytes) {
      kept = bytes.length === 0 ? EMPTY : Buffer.from(bytes)
    },
  }
}

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

const createLines = (parts: readonly Buffer[], truncated: number): AssembledLines | undefined => {
  const [first] = parts
  if (first === undefined) return undefined
  return { bytes: parts.length === 1 ? first : Buffer.concat(parts), truncated }
}
