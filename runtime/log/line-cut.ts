// Where a line that is too long may be cut: never within a character of UTF-8, nor within an escape sequence.

/** A place after `start`, at most `capBytes` behind it. */
export const resolveCut = (bytes: Buffer, start: number, capBytes: number): number => {
  const limit = start + capBytes
  const boundary = characterBoundary(bytes, start, limit)
  const piece = bytes.subarray(Math.max(start, boundary - SEQUENCE_MAX_BYTES), boundary)
  const cut = boundary - escapeTail(piece)
  return cut > start ? cut : boundary
}

/** How many bytes at the end are the beginning of a character or of an escape sequence. */
export const unfinishedTail = (bytes: Buffer): number => escapeTail(bytes.subarray(-SEQUENCE_MAX_BYTES)) || characterTail(bytes)

/** Longer ones, such as titles or pictures, are text for this purpose. */
const SEQUENCE_MAX_BYTES = 128

/** The last place at or before `limit` where a UTF-8 character begins; `limit` itself for bytes that are not UTF-8. */
const characterBoundary = (bytes: Buffer, start: number, limit: number): number => {
  for (let cut = limit; cut > limit - 4 && cut > start; cut -= 1) {
    if (((bytes[cut] ?? 0) & 0xc0) !== 0x80) return cut
  }
  return limit
}

const escapeTail = (bytes: Buffer): number => {
  const at = bytes.lastIndexOf(0x1b)
  if (at < 0) return 0
  return UNFINISHED_SEQUENCE.test(bytes.toString('latin1', at)) ? bytes.length - at : 0
}

// Introducer alone, CSI without its final byte, or a string without its end.
const UNFINISHED_SEQUENCE = /^\u001b(?:[ -/]*|\[[0-?]*[ -/]*|[\]PX^_][^\u0007\u001b]*)$/

const characterTail = (bytes: Buffer): number => {
  for (let tail = 1; tail <= 3 && tail <= bytes.length; tail += 1) {
    const byte = bytes[bytes.length - tail] ?? 0
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return tail < sizeOfCharacter(byte) ? tail : 0
  }
  return 0
}

const sizeOfCharacter = (leadingByte: number): number => {
  if (leadingByte >= 0xf0) return 4
  return leadingByte >= 0xe0 ? 3 : 2
}
