// Launcher + frames + index + footer -> one executable file.
import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'

import { encodeFooter, encodeIndex, FOOTER_SIZE } from '../../runtime/contract/bundle-format.ts'
import type { BundleIndex, FrameRecord, PathRecord } from '../../runtime/contract/bundle-format.ts'
import { NixpackError } from '../../runtime/contract/errors.ts'
import type { RelocationVerdict } from '../../runtime/contract/relocation.ts'
import { writeAtomically } from '../lib/temp-file.ts'
import { verifyBundle } from './read-bundle.ts'
import { assertWritableTarget } from './target.ts'

/** A frame in a file of its own, with the digest it must have. */
export type FrameSource = { readonly path: string; readonly sizeBytes: number; readonly archiveBytes: number; readonly digest: Buffer }
export type PathSource = RelocationVerdict & {
  readonly baseName: string
  readonly narHash: Buffer
  readonly sizeBytes: number
  readonly frames: readonly FrameSource[]
}

/** What a bundle is made of; paths are sorted by base name. */
export type BundleParts<Path extends PathSource = PathSource> = Omit<BundleIndex, 'paths'> & { readonly launcherPath: string; readonly paths: readonly Path[] }

/** Sizes in bytes; the identity is the SHA-256 of the index. */
export type AssembledBundle = { readonly sizeBytes: number; readonly launcherBytes: number; readonly identity: string }

/** A frame whose file does not hold what was written to it. */
export class DamagedFrame extends Error {
  readonly baseName: string
  constructor(baseName: string) {
    super(`a frame of "${baseName}" is damaged`)
    this.baseName = baseName
  }
}

/** Writes the bundle to `outputPath`: it has this name only once every digest in it was read back from disk. Throws OUTPUT_UNWRITABLE, or DamagedFrame. */
export const assembleBundle = async (outputPath: string, parts: BundleParts): Promise<AssembledBundle> => {
  const launcher = await readFile(parts.launcherPath)
  const index = encodeIndex({ ...parts, paths: placeFrames(parts.paths, launcher.length) })
  const framesEnd = parts.paths.flatMap((path) => path.frames).reduce((end, frame) => end + frame.sizeBytes, launcher.length)
  const totalSize = framesEnd + index.length + FOOTER_SIZE
  const indexDigest = sha256(index)
  const footer = encodeFooter({ indexOffset: framesEnd, indexLength: index.length, indexDigest, launcherLength: launcher.length, totalSize }, sha256)
  await assertWritableTarget(outputPath)
  try {
    await writeAtomically(outputPath, {
      mode: 0o777,
      write: async (file) => {
        await file.writeFile(launcher)
        for (const path of parts.paths) for (const frame of path.frames) await copyFrame(file, frame, path.baseName)
        await file.writeFile(index)
        await file.writeFile(footer)
      },
      check: async (temporaryPath) => void (await verifyBundle(temporaryPath)),
    })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error) || error instanceof NixpackError) throw error
    throw new NixpackError('OUTPUT_UNWRITABLE', `cannot write bundle "${outputPath}": ${error.message}`, {
      hint: `check space and permissions of "${dirname(outputPath)}", or choose another file with -o`,
    })
  }
  return { sizeBytes: totalSize, launcherBytes: launcher.length, identity: indexDigest.toString('hex') }
}

const placeFrames = (paths: readonly PathSource[], start: number): readonly PathRecord[] => {
  let offset = start
  const place = ({ sizeBytes, archiveBytes, digest }: FrameSource): FrameRecord => {
    offset += sizeBytes
    return { offset: offset - sizeBytes, sizeBytes, archiveBytes, digest }
  }
  return paths.map((path) => ({ ...path, frames: path.frames.map(place) }))
}

const copyFrame = async (file: FileHandle, frame: FrameSource, baseName: string): Promise<void> => {
  const hash: Hash = createHash('sha256')
  const stream: AsyncIterable<Buffer> = createReadStream(frame.path, { highWaterMark: 1 << 20 })
  for await (const chunk of stream) {
    hash.update(chunk)
    await file.writeFile(chunk)
  }
  if (!hash.digest().equals(frame.digest)) throw new DamagedFrame(baseName)
}

const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()
