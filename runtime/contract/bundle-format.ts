// The bytes behind the launcher: frames, index, footer. The launcher reads the same layout
// (runtime/launcher/format.h); integers are little endian. Pure: encodes to and decodes from buffers.
import { NixpackError } from './errors.ts'
import { decodeNotes, encodeNotes } from './relocation.ts'
import type { RelocationVerdict } from './relocation.ts'

export const FORMAT_VERSION = 2
export const FOOTER_MAGIC = 'NIXPACK\0'
export const INDEX_MAGIC = 'NPINDEX\0'
export const FOOTER_SIZE = 128
export const FOOTER_HASHED_SIZE = 96
export const INDEX_HEADER_SIZE = 64
export const PATH_RECORD_SIZE = 96
export const FRAME_RECORD_SIZE = 72
export const DIGEST_SIZE = 32
export const FLAG_COMPOSED = 1
export const PATH_FLAG_REFERENCES = 1
export const NO_PATH = 0xffff_ffff

/** ELF e_machine of each system that Nix names and a launcher exists for. */
export const MACHINES = { 'x86_64-linux': 62, 'aarch64-linux': 183 } as const
export type System = keyof typeof MACHINES

export type FrameRecord = {
  readonly offset: number
  /** Compressed bytes. */
  readonly sizeBytes: number
  /** Bytes of the archive inside. */
  readonly archiveBytes: number
  /** SHA-256 of the compressed bytes. */
  readonly digest: Buffer
}

export type PathRecord = RelocationVerdict & {
  /** Base name in the store: `<hash>-<name>`. */
  readonly baseName: string
  /** Sum of the sizes of its files. */
  readonly sizeBytes: number
  /** SHA-256 of the path's NAR serialisation. */
  readonly narHash: Buffer
  readonly frames: readonly FrameRecord[]
}

export type BundleIndex = {
  /** Name of the bundle, which is also its default file name. */
  readonly name: string
  readonly system: System
  readonly composed: boolean
  /** Position of the entrypoint in `paths`. */
  readonly entrypoint: number
  /** Main program relative to the entrypoint; empty: the entrypoint itself, or a composed bundle. */
  readonly program: string
  /** Position of the runtime in `paths`; undefined for a plain bundle. */
  readonly runtime: number | undefined
  readonly paths: readonly PathRecord[]
}

export type BundleFooter = {
  readonly indexOffset: number
  readonly indexLength: number
  readonly indexDigest: Buffer
  readonly launcherLength: number
  readonly totalSize: number
}

/** Encodes an index. Paths must be sorted by base name, their frames contiguous. */
export const encodeIndex = (index: BundleIndex): Buffer => {
  const strings = createStrings()
  const [name, program] = [strings.add(index.name), strings.add(index.program)]
  const firstFrames = runningTotals(index.paths.map((path) => path.frames.length))
  const pathRecords = index.paths.map((path, at) => encodePath(path, strings, firstFrames[at] ?? 0))
  const frameRecords = index.paths.flatMap((path, at) => path.frames.map((frame) => encodeFrame(frame, at)))
  const text = strings.bytes()
  const header = encodeHeader(index, { name, program, textBytes: text.length, frameCount: frameRecords.length })
  return Buffer.concat([header, ...pathRecords, ...frameRecords, text])
}

type StringAt = readonly [offset: number, length: number]
type Strings = { readonly add: (value: string) => StringAt; readonly bytes: () => Buffer }

/** Every string has a place of its own: the launcher refuses records that share one. */
const createStrings = (): Strings => {
  const parts: Buffer[] = []
  let offset = 0
  return {
    add: (value) => {
      const bytes = Buffer.from(value)
      parts.push(bytes)
      offset += bytes.length
      return [offset - bytes.length, bytes.length]
    },
    bytes: () => Buffer.concat(parts),
  }
}

const runningTotals = (counts: readonly number[]): readonly number[] => {
  let total = 0
  return counts.map((count) => (total += count) - count)
}

type HeaderFields = { readonly name: StringAt; readonly program: StringAt; readonly textBytes: number; readonly frameCount: number }

const encodeHeader = (index: BundleIndex, fields: HeaderFields): Buffer => {
  const header = Buffer.alloc(INDEX_HEADER_SIZE)
  header.write(INDEX_MAGIC, 0, 'latin1')
  header.writeUInt32LE(FORMAT_VERSION, 8)
  header.writeUInt32LE(index.composed ? FLAG_COMPOSED : 0, 12)
  header.writeUInt32LE(index.paths.length, 16)
  header.writeUInt32LE(fields.frameCount, 20)
  header.writeUInt32LE(fields.textBytes, 24)
  header.writeUInt32LE(index.entrypoint, 28)
  writeString(header, 32, fields.program)
  header.writeUInt32LE(index.runtime ?? NO_PATH, 40)
  header.writeUInt32LE(MACHINES[index.system], 44)
  writeString(header, 48, fields.name)
  return header
}

const encodePath = (path: PathRecord, strings: Strings, firstFrame: number): Buffer => {
  const record = Buffer.alloc(PATH_RECORD_SIZE)
  writeString(record, 0, strings.add(path.baseName))
  record.writeUInt32LE(firstFrame, 8)
  record.writeUInt32LE(path.frames.length, 12)
  record.writeBigUInt64LE(BigInt(path.sizeBytes), 16)
  path.narHash.copy(record, 24)
  record.writeUInt32LE(path.references ? PATH_FLAG_REFERENCES : 0, 56)
  writeString(record, 60, strings.add(encodeNotes(path.notes)))
  return record
}

const encodeFrame = (frame: FrameRecord, pathNumber: number): Buffer => {
  const record = Buffer.alloc(FRAME_RECORD_SIZE)
  record.writeBigUInt64LE(BigInt(frame.offset), 0)
  record.writeBigUInt64LE(BigInt(frame.sizeBytes), 8)
  record.writeBigUInt64LE(BigInt(frame.archiveBytes), 16)
  frame.digest.copy(record, 24)
  record.writeUInt32LE(pathNumber, 56)
  return record
}

const writeString = (target: Buffer, offset: number, [at, length]: StringAt): void => {
  target.writeUInt32LE(at, offset)
  target.writeUInt32LE(length, offset + 4)
}

/** Encodes a footer; `digest` is SHA-256, passed in so that this module needs nothing of Node's. */
export const encodeFooter = (footer: BundleFooter, digest: (bytes: Buffer) => Buffer): Buffer => {
  const bytes = Buffer.alloc(FOOTER_SIZE)
  bytes.write(FOOTER_MAGIC, 0, 'latin1')
  bytes.writeUInt32LE(FORMAT_VERSION, 8)
  bytes.writeUInt32LE(FOOTER_SIZE, 12)
  bytes.writeBigUInt64LE(BigInt(footer.indexOffset), 16)
  bytes.writeBigUInt64LE(BigInt(footer.indexLength), 24)
  footer.indexDigest.copy(bytes, 32)
  bytes.writeBigUInt64LE(BigInt(footer.launcherLength), 64)
  bytes.writeBigUInt64LE(BigInt(footer.totalSize), 72)
  digest(bytes.subarray(0, FOOTER_HASHED_SIZE)).copy(bytes, FOOTER_HASHED_SIZE)
  return bytes
}

/** Decodes and checks a footer against the size of its file. Throws PAYLOAD_CORRUPT or PAYLOAD_VERSION. */
export const decodeFooter = (bytes: Buffer, fileSize: number, digest: (bytes: Buffer) => Buffer): BundleFooter => {
  if (bytes.length !== FOOTER_SIZE || bytes.toString('latin1', 0, 8) !== FOOTER_MAGIC) throw corrupt('footer', 'there is no bundle footer at its end')
  if (!digest(bytes.subarray(0, FOOTER_HASHED_SIZE)).equals(bytes.subarray(FOOTER_HASHED_SIZE))) throw corrupt('footer', 'its digest does not match')
  assertVersion(bytes.readUInt32LE(8))
  const footer = {
    indexOffset: readSize(bytes, 16),
    indexLength: readSize(bytes, 24),
    indexDigest: bytes.subarray(32, 32 + DIGEST_SIZE),
    launcherLength: readSize(bytes, 64),
    totalSize: readSize(bytes, 72),
  }
  if (footer.totalSize !== fileSize) throw corrupt('footer', `it was made for ${footer.totalSize} bytes, the file has ${fileSize}`)
  if (footer.indexOffset + footer.indexLength !== fileSize - FOOTER_SIZE || footer.launcherLength > footer.indexOffset)
    throw corrupt('footer', 'its offsets do not fit the file')
  return footer
}

/** Decodes and checks an index whose digest has been verified. Throws PAYLOAD_CORRUPT or PAYLOAD_VERSION. */
export const decodeIndex = (bytes: Buffer, footer: BundleFooter): BundleIndex => {
  if (bytes.length < INDEX_HEADER_SIZE || bytes.toString('latin1', 0, 8) !== INDEX_MAGIC) throw corrupt('index', 'it has no header')
  assertVersion(bytes.readUInt32LE(8))
  const layout = decodeLayout(bytes)
  const text = (at: number): string => readName(bytes, at, layout)
  const paths = Array.from({ length: layout.pathCount }, (_, number) => decodePath(bytes, number, layout))
  assertFrames(paths, footer)
  const flags = bytes.readUInt32LE(12)
  if (flags > FLAG_COMPOSED || !isZero(bytes, 56, INDEX_HEADER_SIZE)) throw corrupt('index', 'its header sets something unknown')
  const runtime = bytes.readUInt32LE(40)
  const entrypoint = bytes.readUInt32LE(28)
  if (entrypoint >= paths.length || (runtime !== NO_PATH && runtime >= paths.length)) throw corrupt('index', 'it names a path that is not in it')
  return {
    name: text(48),
    system: systemOf(bytes.readUInt32LE(44)),
    composed: flags === FLAG_COMPOSED,
    entrypoint,
    program: text(32),
    runtime: runtime === NO_PATH ? undefined : runtime,
    paths,
  }
}

type Layout = { readonly pathCount: number; readonly frameCount: number; readonly framesAt: number; readonly stringsAt: number }

const decodeLayout = (bytes: Buffer): Layout => {
  const pathCount = bytes.readUInt32LE(16)
  const frameCount = bytes.readUInt32LE(20)
  const framesAt = INDEX_HEADER_SIZE + pathCount * PATH_RECORD_SIZE
  const stringsAt = framesAt + frameCount * FRAME_RECORD_SIZE
  if (stringsAt + bytes.readUInt32LE(24) !== bytes.length) throw corrupt('index', 'its counts do not fit its length')
  return { pathCount, frameCount, framesAt, stringsAt }
}

const decodePath = (bytes: Buffer, number: number, layout: Layout): PathRecord => {
  const at = INDEX_HEADER_SIZE + number * PATH_RECORD_SIZE
  const firstFrame = bytes.readUInt32LE(at + 8)
  const frameCount = bytes.readUInt32LE(at + 12)
  if (frameCount === 0 || firstFrame + frameCount > layout.frameCount) throw corrupt('index', `path ${number} names frames that are not in it`)
  const flags = bytes.readUInt32LE(at + 56)
  if (flags > PATH_FLAG_REFERENCES || !isZero(bytes, at + 68, at + PATH_RECORD_SIZE)) throw corrupt('index', `path ${number} sets something unknown`)
  const notes = decodeNotes(readString(bytes, at + 60, layout))
  if (notes === undefined) throw corrupt('index', `path ${number} has malformed notes`)
  return {
    baseName: readName(bytes, at, layout),
    sizeBytes: readSize(bytes, at + 16),
    narHash: bytes.subarray(at + 24, at + 24 + DIGEST_SIZE),
    references: flags === PATH_FLAG_REFERENCES,
    notes,
    frames: Array.from({ length: frameCount }, (_, index) => decodeFrame(bytes, layout.framesAt + (firstFrame + index) * FRAME_RECORD_SIZE)),
  }
}

const decodeFrame = (bytes: Buffer, at: number): FrameRecord => ({
  offset: readSize(bytes, at),
  sizeBytes: readSize(bytes, at + 8),
  archiveBytes: readSize(bytes, at + 16),
  digest: bytes.subarray(at + 24, at + 24 + DIGEST_SIZE),
})

const assertFrames = (paths: readonly PathRecord[], footer: BundleFooter): void => {
  const end = paths
    .flatMap((path) => path.frames)
    .reduce((offset, frame) => {
      if (frame.offset !== offset) throw corrupt('index', `a frame starts at ${frame.offset} instead of ${offset}`)
      return offset + frame.sizeBytes
    }, footer.launcherLength)
  if (end !== footer.indexOffset) throw corrupt('index', `the frames end at ${end}, the index starts at ${footer.indexOffset}`)
}

const readString = (bytes: Buffer, at: number, layout: Layout): string => {
  const start = layout.stringsAt + bytes.readUInt32LE(at)
  const end = start + bytes.readUInt32LE(at + 4)
  if (end > bytes.length) throw corrupt('index', 'a name lies outside it')
  return bytes.toString('utf8', start, end)
}

// Names are printed as they are.
const readName = (bytes: Buffer, at: number, layout: Layout): string => {
  const name = readString(bytes, at, layout)
  if (/[\u0000-\u001f\u007f-\u009f]/.test(name)) throw corrupt('index', 'a name holds a control character')
  return name
}

const isZero = (bytes: Buffer, start: number, end: number): boolean => bytes.subarray(start, end).every((byte) => byte === 0)

const readSize = (bytes: Buffer, at: number): number => {
  const value = bytes.readBigUInt64LE(at)
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw corrupt('index', `the size ${value} is impossible`)
  return Number(value)
}

const systemOf = (machine: number): System => {
  const found = Object.entries(MACHINES).find(([, value]) => value === machine)?.[0]
  if (found === 'x86_64-linux' || found === 'aarch64-linux') return found
  throw corrupt('index', `the machine ${machine} is unknown`)
}

const assertVersion = (version: number): void => {
  if (version === FORMAT_VERSION) return
  throw new NixpackError('PAYLOAD_VERSION', `cannot read bundle: its format has version ${version}, this program reads version ${FORMAT_VERSION}`, {
    hint: 'use the nixpack that made the file',
  })
}

const corrupt = (part: string, reason: string): NixpackError =>
  new NixpackError('PAYLOAD_CORRUPT', `cannot read bundle ${part}: ${reason}`, { hint: 'copy or build the file again' })
