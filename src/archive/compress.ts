// One archive -> one zstd frame in a file, with its digest.
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createZstdCompress } from 'node:zlib'
import type { ZstdCompress } from 'node:zlib'

export const DEFAULT_LEVEL = 19
/** The launcher refuses larger windows: this bounds its memory per thread. */
const WINDOW_LOG = 23

export type Frame = { readonly sizeBytes: number; readonly archiveBytes: number; readonly digest: Buffer }

/** Compresses `archive`, which is `archiveBytes` long, into the new file `path`. */
export const compressFrame = async (
  archive: AsyncIterable<Buffer>,
  archiveBytes: number,
  target: { readonly path: string; readonly level: number },
): Promise<Frame> => {
  const hash = createHash('sha256')
  let sizeBytes = 0
  const measure = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk)
      sizeBytes += chunk.length
      done(null, chunk)
    },
  })
  const compressor = createZstdCompress({
    finishFlush: constants.ZSTD_e_continue,
    pledgedSrcSize: archiveBytes,
    params: {
      [constants.ZSTD_c_compressionLevel]: target.level,
      [constants.ZSTD_c_windowLog]: WINDOW_LOG,
      [constants.ZSTD_c_contentSizeFlag]: 1,
      [constants.ZSTD_c_checksumFlag]: 0,
    },
  })
  const output = createWriteStream(target.path, { flags: 'wx', mode: 0o600 })
  await Promise.all([feed(archive, compressor), pipeline(compressor, measure, output)])
  return { sizeBytes, archiveBytes, digest: hash.digest() }
}

/**
 * Ends the frame exactly once. Left to itself, Node 26 may end it with the last chunk and again at the end of the
 * stream, which appends an empty frame or not depending on timing.
 */
const feed = async (archive: AsyncIterable<Buffer>, compressor: ZstdCompress): Promise<void> => {
  try {
    for await (const chunk of archive) if (!compressor.write(chunk)) await once(compressor, 'drain')
    await new Promise<void>((resolve) => compressor.flush(constants.ZSTD_e_end, resolve))
    compressor.end()
  } catch (error) {
    compressor.destroy(error instanceof Error ? error : new Error(String(error)))
    throw error
  }
}
