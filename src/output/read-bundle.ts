// Opens a bundle: footer and index, checked; and, on request, the digest of every frame.
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'

import { decodeFooter, decodeIndex, FOOTER_SIZE } from '../../runtime/contract/bundle-format.ts'
import type { BundleIndex, FrameRecord } from '../../runtime/contract/bundle-format.ts'
import { NixpackError } from '../../runtime/contract/errors.ts'

/** A frame can be larger than memory. */
const CHUNK_BYTES = 1 << 20

export type OpenedBundle = { readonly index: BundleIndex; readonly sizeBytes: number; readonly launcherBytes: number; readonly identity: string }

/** Reads and checks footer and index of the bundle at `path`. Throws PAYLOAD_CORRUPT, PAYLOAD_VERSION or USAGE_INVALID. */
export const readBundle = async (path: string): Promise<OpenedBundle> => withFile(path, readParts)

/** Reads the whole bundle and checks every digest. Throws PAYLOAD_CORRUPT naming the path whose frame is damaged. */
export const verifyBundle = async (path: string): Promise<OpenedBundle> =>
  withFile(path, async (file) => {
    const bundle = await readParts(file)
    for (const { baseName, frames } of bundle.index.paths) for (const frame of frames) await verifyFrame(file, frame, { path, baseName })
    return bundle
  })

const withFile = async <Result>(path: string, use: (file: FileHandle) => Promise<Result>): Promise<Result> => {
  // Non-blocking: opening a FIFO would wait for a writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw new NixpackError('USAGE_INVALID', `cannot open bundle "${path}"`, { cause, hint: 'give the path of a file made by nixpack bundle' })
  })
  try {
    if (!(await file.stat()).isFile()) {
      throw new NixpackError('USAGE_INVALID', `cannot open bundle "${path}": it is not a regular file`, {
        hint: 'give the path of a file made by nixpack bundle',
      })
    }
    return await use(file)
  } finally {
    await file.close()
  }
}

const readParts = async (file: FileHandle): Promise<OpenedBundle> => {
  const { size } = await file.stat()
  const footer = decodeFooter(await readAt(file, Math.max(0, size - FOOTER_SIZE), Math.min(size, FOOTER_SIZE)), size, sha256)
  const indexBytes = await readAt(file, footer.indexOffset, footer.indexLength)
  if (!sha256(indexBytes).equals(footer.indexDigest)) throw new NixpackError('PAYLOAD_CORRUPT', 'cannot read bundle index: its digest does not match')
  return { index: decodeIndex(indexBytes, footer), sizeBytes: size, launcherBytes: footer.launcherLength, identity: footer.indexDigest.toString('hex') }
}

const verifyFrame = async (file: FileHandle, frame: FrameRecord, at: { readonly path: string; readonly baseName: string }): Promise<void> => {
  const hash = createHash('sha256')
  const end = frame.offset + frame.sizeBytes
  for (let at = frame.offset; at < end; at += CHUNK_BYTES) hash.update(await readAt(file, at, Math.min(CHUNK_BYTES, end - at)))
  if (hash.digest().equals(frame.digest)) return
  throw new NixpackError('PAYLOAD_CORRUPT', `cannot verify bundle "${at.path}": the frame of "${at.baseName}" at byte ${frame.offset} is damaged`, {
    hint: 'copy or build the file again',
  })
}

const readAt = async (file: FileHandle, position: number, length: number): Promise<Buffer> => {
  const buffer = Buffer.alloc(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await file.read(buffer, done, length - done, position + done)
    if (bytesRead === 0) throw new NixpackError('PAYLOAD_CORRUPT', 'cannot read bundle: the file ends too early')
    done += bytesRead
  }
  return buffer
}

const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()
