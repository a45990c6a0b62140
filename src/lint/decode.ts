// Compressed data -> what is in it. Node brings gzip, deflate and zstd; for xz and bzip2 the programs of these names
// are used where there are any. Small data is decompressed at once: a stream costs twenty times as much.
import { pipeline } from 'node:stream/promises'
import type { Duplex } from 'node:stream'
import { createGunzip, createInflateRaw, createZstdDecompress, gunzipSync, inflateRawSync, zstdDecompressSync } from 'node:zlib'

import { isErrno } from '../lib/errno.ts'
import { runFilter } from '../lib/run.ts'

export type Codec = 'gzip' | 'deflate' | 'zstd' | 'xz' | 'bzip2'

/** Programs that decompress, by codec: those that this machine has. */
export type DecoderTools = { readonly xz: string | undefined; readonly bzip2: string | undefined }

/** Of Node's own 16 KiB there would be too many. */
const CHUNK_BYTES = 1 << 20
const SMALL_BYTES = 1 << 20
const SMALL_DECODED_BYTES = 8 << 20

type Built = { readonly whole: (bytes: Buffer, options: { readonly maxOutputLength: number }) => Buffer; readonly create: () => Duplex }

const BUILT_IN: Readonly<Record<string, Built>> = {
  gzip: { whole: gunzipSync, create: () => createGunzip({ chunkSize: CHUNK_BYTES }) },
  deflate: { whole: inflateRawSync, create: () => createInflateRaw({ chunkSize: CHUNK_BYTES }) },
  zstd: { whole: zstdDecompressSync, create: () => createZstdDecompress({ chunkSize: CHUNK_BYTES }) },
}

export type Packed = { readonly sizeBytes: number; readonly chunks: () => AsyncIterable<Buffer> }

/** The decompressed bytes, or undefined when this machine cannot decompress them. The stream throws when they are damaged. */
export const decode = (codec: Codec, packed: Packed, tools: DecoderTools): AsyncIterable<Buffer> | undefined => {
  const builtIn = BUILT_IN[codec]
  if (builtIn !== undefined) return packed.sizeBytes <= SMALL_BYTES ? decodeSmall(builtIn, packed) : through(builtIn.create(), packed.chunks())
  const program = codec === 'xz' ? tools.xz : tools.bzip2
  return program === undefined ? undefined : runFilter(program, ['-d', '-c'], packed.chunks())
}

async function* decodeSmall(codec: Built, packed: Packed): AsyncGenerator<Buffer> {
  const parts: Buffer[] = []
  for await (const chunk of packed.chunks()) parts.push(chunk)
  const bytes = Buffer.concat(parts)
  const whole = decodeWhole(codec, bytes)
  if (whole === undefined) yield* through(codec.create(), [bytes])
  else yield whole
}

const decodeWhole = (codec: Built, bytes: Buffer): Buffer | undefined => {
  try {
    return codec.whole(bytes, { maxOutputLength: SMALL_DECODED_BYTES })
  } catch (error) {
    if (isErrno(error, 'ERR_BUFFER_TOO_LARGE')) return undefined
    throw error
  }
}

async function* through(decoder: Duplex, chunks: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<Buffer> {
  const fed = pipeline(chunks, decoder)
  // It also fails when the reader stops early; what matters comes out of the loop or the line behind it.
  fed.catch(() => undefined)
  const decoded: AsyncIterable<Buffer> = decoder
  yield* decoded
  await fed
}
