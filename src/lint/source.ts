// Bytes that can be read at any position: an open file, or a buffer.
import { fstatSync, readSync } from 'node:fs'

export type Source = {
  readonly sizeBytes: number
  /** The bytes from `offset`; fewer than `length` only at the end. */
  readonly read: (offset: number, length: number) => Buffer
}

const CHUNK_BYTES = 1 << 20

export const bufferSource = (bytes: Buffer): Source => ({ sizeBytes: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) })

export const fileSource = (file: number): Source => ({
  sizeBytes: fstatSync(file).size,
  read: (offset, length) => {
    const bytes = Buffer.allocUnsafe(length)
    return bytes.subarray(0, readInto(file, bytes, offset))
  },
})

/** Fills `bytes` from a file; returns how many it got, fewer only at the end of the file. */
export const readInto = (file: number, bytes: Buffer, offset: number): number => {
  let done = 0
  while (done < bytes.length) {
    const got = readSync(file, bytes, done, bytes.length - done, offset + done)
    if (got === 0) break
    done += got
  }
  return done
}

/** A part of a source in chunks. */
export async function* chunksOf(source: Source, start: number, sizeBytes: number): AsyncGenerator<Buffer> {
  for (let done = 0; done < sizeBytes; done += CHUNK_BYTES) yield source.read(start + done, Math.min(CHUNK_BYTES, sizeBytes - done))
}
