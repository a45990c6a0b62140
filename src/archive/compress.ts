// One archive -> one zstd frame in a file, with its digest.
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createZstdCompress } from 'node:zlib'

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
    pledgedSrcSize: archiveBytes,
    params: {
      [constants.ZSTD_c_compressionLevel]: target.level,
      [constants.ZSTD_c_windowLog]: WINDOW_LOG,
      [constants.ZSTD_c_contentSizeFlag]: 1,
      [constants.ZSTD_c_checksumFlag]: 0,
    },
  })
  await pipeline(Readable.from(archive), compressor, measure, createWriteStream(target.path, { flags: 'wx', mode: 0o600 }))
  return { sizeBytes, archiveBytes, digest: hash.digest() }
}
