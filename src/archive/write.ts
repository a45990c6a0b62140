// Closure -> frames, in parallel, through the frame cache.
import { NixpackError } from '../../runtime/contract/errors.ts'
import { makePrivateDirectory } from '../lib/make-directory.ts'
import { mapParallel } from '../lib/worker-pool.ts'
import { compressFrame } from './compress.ts'
import { frameCacheKey, pruneFrames, readFrames, writeFrames } from './frame-cache.ts'
import type { StoredFrame } from './frame-cache.ts'
import { narHashOf } from './nar-hash.ts'
import { ARCHIVE_BYTES, planArchives, sizeOf } from './plan.ts'
import { tarSize, tarStream } from './tar-stream.ts'
import { readTree } from './tree.ts'
import type { TreeEntry } from './tree.ts'

/** Bump when the same tree gives other bytes: entries of the frame cache made before are not used again. */
const ARCHIVE_REVISION = 1

/** A store path to archive; `sourceDir` is where its tree is on this machine. */
export type ArchiveSource = { readonly baseName: string; readonly sourceDir: string; readonly narHash: Buffer }

export type ArchivedPath = {
  readonly baseName: string
  readonly narHash: Buffer
  readonly sizeBytes: number
  readonly frames: readonly StoredFrame[]
  /** Entry of the frame cache that holds the frames. */
  readonly cacheKey: string
}

export type ArchiveOptions = {
  readonly cacheDir: string
  readonly level: number
  readonly jobs: number
  /** Called after each path with the number of paths that are done. */
  readonly onProgress: (done: number, baseName: string) => void
}

/** Archives all paths; the result is sorted by base name. Throws ARCHIVE_FAILED when a tree is not what Nix says. */
export const archiveClosure = async (sources: readonly ArchiveSource[], options: ArchiveOptions): Promise<readonly ArchivedPath[]> => {
  await makePrivateDirectory(options.cacheDir).catch((cause: unknown) => {
    throw new NixpackError('ARCHIVE_FAILED', `cannot create frame cache "${options.cacheDir}"`, {
      cause,
      hint: 'set NIXPACK_FRAME_CACHE to a writable directory',
    })
  })
  const trees = await mapParallel(sources, options.jobs, async (source) => ({ source, entries: await readTree(source.sourceDir) }))
  const largestFirst = [...trees].sort((left, right) => sizeOf(right.entries) - sizeOf(left.entries))
  let done = 0
  const archived = await mapParallel(largestFirst, options.jobs, async ({ source, entries }) => {
    const path = await archivePath(source, entries, options)
    options.onProgress((done += 1), source.baseName)
    return path
  })
  await pruneFrames(options.cacheDir)
  return [...archived].sort((left, right) => Buffer.compare(Buffer.from(left.baseName), Buffer.from(right.baseName)))
}

const archivePath = async (source: ArchiveSource, entries: readonly TreeEntry[], options: ArchiveOptions): Promise<ArchivedPath> => {
  const { baseName, narHash } = source
  const cacheKey = frameCacheKey([ARCHIVE_REVISION, ARCHIVE_BYTES, options.level, process.versions['zstd'] ?? '', baseName, narHash.toString('hex')])
  const cached = await readFrames(options.cacheDir, cacheKey)
  const frames = cached ?? (await compressPath(source, entries, { ...options, cacheKey }))
  return { baseName, narHash, sizeBytes: sizeOf(entries), frames, cacheKey }
}

const compressPath = async (
  source: ArchiveSource,
  entries: readonly TreeEntry[],
  options: ArchiveOptions & { readonly cacheKey: string },
): Promise<readonly StoredFrame[]> => {
  if (!(await narHashOf(source.sourceDir, entries)).equals(source.narHash)) {
    throw new NixpackError('ARCHIVE_FAILED', `cannot archive "${source.sourceDir}": its contents do not have the hash that Nix recorded`, {
      hint: `repair it with: nix-store --verify-path "${source.sourceDir}" && nix-store --repair-path "${source.sourceDir}"`,
    })
  }
  return writeFrames(options.cacheDir, options.cacheKey, async (framePath) => {
    const frames = []
    for (const [at, archive] of planArchives(entries).entries()) {
      const stream = tarStream(source.sourceDir, source.baseName, archive)
      frames.push(await compressFrame(stream, tarSize(source.baseName, archive), { path: framePath(at), level: options.level }))
    }
    return frames
  })
}
