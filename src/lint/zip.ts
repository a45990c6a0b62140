// The directory of a zip archive, which stands at its end: the archive may have anything in front of it, such as the
// line that makes a Python program of it. Pure; the layout is that of PKWARE's APPNOTE.
import type { Source } from './source.ts'

export type ZipMember = {
  /** 0: stored, 8: deflate; undefined: encrypted. */
  readonly method: number | undefined
  /** Position and size of the data in the file. */
  readonly offset: number
  readonly sizeBytes: number
}

/** `start` is where the archive begins in the file; `complete` is false when there are members that are not listed. */
export type ZipArchive = { readonly start: number; readonly members: readonly ZipMember[]; readonly complete: boolean }

const END_SIGNATURE = Buffer.from('504b0506', 'hex')
const ENTRY_SIGNATURE = 0x0201_4b50
const LOCAL_SIGNATURE = 0x0403_4b50
const ZIP64_SIGNATURE = Buffer.from('504b0607', 'hex')
const ZIP64_SIZE = 20
const END_SIZE = 22
const ENTRY_SIZE = 46
const LOCAL_SIZE = 30
const COMMENT_LIMIT = 0xffff
const DIRECTORY_LIMIT = 64 << 20
/** Values that send the reader to the records of zip64. */
const IS_ELSEWHERE_16 = 0xffff
const IS_ELSEWHERE_32 = 0xffff_ffff
const FLAG_ENCRYPTED = 1

/** The archive at the end of a file, or undefined when there is none. */
export const findZip = (source: Source): ZipArchive | undefined => {
  const tailStart = Math.max(0, source.sizeBytes - END_SIZE - COMMENT_LIMIT)
  const tail = source.read(tailStart, source.sizeBytes - tailStart)
  for (let at = tail.lastIndexOf(END_SIGNATURE); at !== -1; at = at === 0 ? -1 : tail.lastIndexOf(END_SIGNATURE, at - 1)) {
    const archive = at + END_SIZE <= tail.length ? readArchive(source, tail.subarray(at), tailStart + at) : undefined
    if (archive !== undefined) return archive
  }
  return undefined
}

const readArchive = (source: Source, end: Buffer, endAt: number): ZipArchive | undefined => {
  const [count, directoryBytes, directoryOffset] = [end.readUInt16LE(10), end.readUInt32LE(12), end.readUInt32LE(16)]
  if (isZip64(source, end, endAt)) return { start: 0, members: [], complete: false }
  const directoryAt = endAt - directoryBytes
  const shift = directoryAt - directoryOffset
  if (shift < 0 || directoryBytes > DIRECTORY_LIMIT) return undefined
  if (count === 0) return directoryBytes === 0 && shift === 0 ? { start: endAt, members: [], complete: true } : undefined
  const entries = readEntries(source.read(directoryAt, directoryBytes), count)
  if (entries === undefined) return undefined
  const members = entries.map((entry) => locate(source, entry, shift))
  const found = members.filter((member) => member !== undefined)
  return {
    start: Math.min(directoryAt, lowest(entries) + shift),
    members: found,
    complete: found.length === members.length,
  }
}

/** Also a small archive may have the records of zip64: they stand between its directory and its end. */
const isZip64 = (source: Source, end: Buffer, endAt: number): boolean =>
  end.readUInt16LE(10) === IS_ELSEWHERE_16 ||
  end.readUInt32LE(12) === IS_ELSEWHERE_32 ||
  end.readUInt32LE(16) === IS_ELSEWHERE_32 ||
  (endAt >= ZIP64_SIZE && source.read(endAt - ZIP64_SIZE, ZIP64_SIGNATURE.length).equals(ZIP64_SIGNATURE))

type Entry = { readonly method: number | undefined; readonly sizeBytes: number; readonly localOffset: number }

const readEntries = (directory: Buffer, count: number): readonly Entry[] | undefined => {
  const entries: Entry[] = []
  let at = 0
  while (entries.length < count) {
    if (at + ENTRY_SIZE > directory.length || directory.readUInt32LE(at) !== ENTRY_SIGNATURE) return undefined
    const encrypted = (directory.readUInt16LE(at + 8) & FLAG_ENCRYPTED) !== 0
    entries.push({
      method: encrypted ? undefined : directory.readUInt16LE(at + 10),
      sizeBytes: directory.readUInt32LE(at + 20),
      localOffset: directory.readUInt32LE(at + 42),
    })
    at += ENTRY_SIZE + directory.readUInt16LE(at + 28) + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32)
  }
  return entries
}

const lowest = (entries: readonly Entry[]): number => entries.reduce((least, entry) => Math.min(least, entry.localOffset), Number.MAX_SAFE_INTEGER)

/** The data of a member stands behind its local header; undefined when that is not where the directory says. */
const locate = (source: Source, { method, sizeBytes, localOffset }: Entry, shift: number): ZipMember | undefined => {
  const local = source.read(localOffset + shift, LOCAL_SIZE)
  if (local.length < LOCAL_SIZE || local.readUInt32LE(0) !== LOCAL_SIGNATURE) return undefined
  const offset = localOffset + shift + LOCAL_SIZE + local.readUInt16LE(26) + local.readUInt16LE(28)
  return offset + sizeBytes <= source.sizeBytes ? { method, offset, sizeBytes } : undefined
}
