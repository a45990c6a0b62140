// Looks into compressed data and archives, and into those inside of them. Bounded: of each file a stated number of
// decompressed bytes is looked at, as a stream; where that ends, or data is damaged or of an unknown kind, is a fact too.
import type { Collector } from './collector.ts'
import { containerKind, HEAD_BYTES, isUnreadable } from './container.ts'
import type { ContainerKind } from './container.ts'
import { decode } from './decode.ts'
import type { Codec, DecoderTools, Packed } from './decode.ts'
import { createScanner } from './scanner.ts'
import { bufferSource, chunksOf } from './source.ts'
import type { Source } from './source.ts'
import { tarMembers } from './tar-members.ts'
import { findZip } from './zip.ts'
import type { ZipMember } from './zip.ts'

/** Attack prevented: a small file that decompresses to any size, or holds itself. */
const DECODED_BYTES_LIMIT = 2 ** 30
const DEPTH_LIMIT = 4
/** A zip inside of something has to be in memory: its directory is at its end. */
const NESTED_ZIP_BYTES_LIMIT = 64 << 20

type Context = { readonly file: string; readonly collector: Collector; readonly tools: DecoderTools }
type Walk = Context & { readonly budget: { left: number }; readonly depth: number }

/** Adds what is inside of a container that is a whole file. */
export const readContainer = async (kind: ContainerKind, source: Source, context: Context): Promise<void> => {
  const walk = { ...context, budget: { left: DECODED_BYTES_LIMIT }, depth: 0 }
  try {
    if (kind === 'zip') await readZip(source, walk)
    else await readStream(kind, { sizeBytes: source.sizeBytes, chunks: () => chunksOf(source, 0, source.sizeBytes) }, walk)
  } catch (error) {
    // Damaged data, or a decoder's limit. Errors of the disk cannot be told apart, and come up again when the file is archived.
    if (!(error instanceof Error)) throw error
    addUnread(walk)
  }
}

const addUnread = ({ collector, file }: Walk): void => collector.add({ reason: 'unread', file, run: '' })

const readStream = async (kind: Exclude<ContainerKind, 'zip'>, packed: Packed, walk: Walk): Promise<void> => {
  if (kind === 'tar') {
    for await (const member of tarMembers(packed.chunks())) await readNested(member, walk)
    return
  }
  if (kind === 'lz4' || kind === '7z') addUnread(walk)
  else await readPacked(kind, packed, walk)
}

/** A zip that is read although its end is not one, or not all of it can be read, is a fact. */
const readZip = async (source: Source, walk: Walk): Promise<void> => {
  const archive = findZip(source)
  if (archive?.complete !== true) addUnread(walk)
  for (const member of archive?.members ?? []) await readMember(source, member, walk)
}

const CODECS: Readonly<Record<number, Codec>> = { 8: 'deflate', 12: 'bzip2', 93: 'zstd', 95: 'xz' }
const STORED = 0

const readMember = async (source: Source, { method, offset, sizeBytes }: ZipMember, walk: Walk): Promise<void> => {
  const codec = method === undefined ? undefined : CODECS[method]
  const packed = { sizeBytes, chunks: () => chunksOf(source, offset, sizeBytes) }
  if (codec !== undefined) await readPacked(codec, packed, walk)
  else if (method === STORED) await readNested(packed.chunks(), walk)
  else addUnread(walk)
}

/** Scans what comes out of the decoder and looks into it in turn. */
const readPacked = async (codec: Codec, packed: Packed, walk: Walk): Promise<void> => {
  const decoded = decode(codec, packed, walk.tools)
  if (decoded === undefined) addUnread(walk)
  else await readNested(scanned(decoded, walk), walk)
}

async function* scanned(chunks: AsyncIterable<Buffer>, { file, collector, budget }: Walk): AsyncGenerator<Buffer> {
  const scanner = createScanner(({ form, run }) => collector.add({ reason: form === 'no-hash' ? form : 'compressed', file, run }))
  for await (const chunk of chunks) {
    budget.left -= chunk.length
    if (budget.left < 0) throw new Error('the data decompresses to more than is looked at')
    scanner.feed(chunk)
    yield chunk
  }
  scanner.end()
}

/** Bytes that are scanned elsewhere, but may be a container. Reads them to their end. */
const readNested = async (chunks: AsyncIterable<Buffer>, walk: Walk): Promise<void> => {
  const { head, all } = await peek(chunks)
  const kind = containerKind(head)
  const inner = { ...walk, depth: walk.depth + 1 }
  if (isUnreadable(head)) addUnread(walk)
  if (kind === undefined) await drain(all)
  else if (inner.depth > DEPTH_LIMIT) throw new Error('the data is nested too deeply')
  else if (kind === 'zip') await readZip(bufferSource(await gather(all)), inner)
  else await readStream(kind, { sizeBytes: Number.POSITIVE_INFINITY, chunks: () => all }, inner)
}

const peek = async (chunks: AsyncIterable<Buffer>): Promise<{ readonly head: Buffer; readonly all: AsyncIterable<Buffer> }> => {
  const iterator = chunks[Symbol.asyncIterator]()
  let head: Buffer = Buffer.alloc(0)
  while (head.length < HEAD_BYTES) {
    const next = await iterator.next()
    if (next.done === true) break
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value])
  }
  return { head, all: continued(head, iterator) }
}

async function* continued(head: Buffer, iterator: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield head
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value
}

const drain = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
  for await (const _chunk of chunks) continue
}

const gather = async (chunks: AsyncIterable<Buffer>): Promise<Buffer> => {
  const parts: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of chunks) {
    sizeBytes += chunk.length
    if (sizeBytes > NESTED_ZIP_BYTES_LIMIT) throw new Error('the archive inside is too large')
    parts.push(chunk)
  }
  return Buffer.concat(parts)
}
