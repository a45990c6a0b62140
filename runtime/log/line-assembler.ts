// Bytes of one stream in, whole lines out. Works on bytes, so that no multi-byte character is ever torn:
// a line feed byte is never part of one. Nothing is lost; a line above the cap is continued on the next line.

export type LineBatch = {
  /** Complete lines, each ended by a line feed. */
  readonly bytes: Buffer
  readonly count: number
}

export type LineAssembler = {
  push(chunk: Buffer): LineBatch | undefined
  /** The unfinished line, ended: at the end of the stream, or when its writer has paused for long. */
  flush(): LineBatch | undefined
  readonly hasPartialLine: boolean
}

export const LINE_CAP_BYTES = 65_536

export const createLineAssembler = (capBytes: number = LINE_CAP_BYTES): LineAssembler => {
  let partial: readonly Buffer[] = []
  let partialBytes = 0
  const take = (): Buffer => {
    const bytes = Buffer.concat(partial, partialBytes)
    partial = []
    partialBytes = 0
    return bytes
  }
  const keep = (bytes: Buffer): void => {
    if (bytes.length === 0) return
    partial = [...partial, bytes]
    partialBytes += bytes.length
  }
  /** What exceeds the cap need not wait for its line feed. */
  const takeFullLines = (): readonly Buffer[] => {
    const lines: Buffer[] = []
    if (partialBytes <= capBytes) return lines
    let rest = take()
    while (rest.length > capBytes) {
      const cut = characterBoundary(rest, capBytes)
      lines.push(endLine(rest.subarray(0, cut)))
      rest = rest.subarray(cut)
    }
    keep(rest)
    return lines
  }
  return {
    push(chunk) {
      const end = chunk.lastIndexOf(LINE_FEED) + 1
      const batches: Buffer[] = []
      if (end > 0) {
        keep(chunk.subarray(0, end))
        batches.push(breakLongLines(take(), capBytes))
      }
      keep(chunk.subarray(end))
      batches.push(...takeFullLines())
      return createBatch(batches)
    },
    flush() {
      return partialBytes === 0 ? undefined : createBatch([breakLongLines(endLine(take()), capBytes)])
    },
    get hasPartialLine() {
      return partialBytes > 0
    },
  }
}

const LINE_FEED = 0x0a
const LINE_END = Buffer.from('\n')

const createBatch = (parts: readonly Buffer[]): LineBatch | undefined => {
  if (parts.length === 0) return undefined
  const bytes = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
  return { bytes, count: countLines(bytes) }
}

const endLine = (bytes: Buffer): Buffer => Buffer.concat([bytes, LINE_END])

const countLines = (bytes: Buffer): number => {
  let count = 0
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) count += 1
  return count
}

/** The usual case, no line above the cap, costs one scan and no copy. */
const breakLongLines = (bytes: Buffer, capBytes: number): Buffer => {
  const parts: Buffer[] = []
  let copied = 0
  let start = 0
  while (start < bytes.length) {
    const end = bytes.indexOf(LINE_FEED, start)
    while (end - start > capBytes) {
      start += characterBoundary(bytes.subarray(start, end), capBytes)
      parts.push(bytes.subarray(copied, start), LINE_END)
      copied = start
    }
    start = end + 1
  }
  return parts.length === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(copied)])
}

/** The last place at or before `limit` where a UTF-8 character begins; `limit` itself for bytes that are not UTF-8. */
const characterBoundary = (bytes: Buffer, limit: number): number => {
  for (let cut = limit; cut > limit - 4 && cut > 0; cut -= 1) {
    if (((bytes[cut] ?? 0) & 0xc0) !== 0x80) return cut
  }
  return limit
}
