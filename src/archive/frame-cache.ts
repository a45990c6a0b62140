// Frames of store paths that were compressed before. An entry is a directory, published by rename, keyed by
// everything that its bytes depend on; its frames are checked again when they are copied into a bundle.
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'

import { NixpackError } from '../../runtime/contract/errors.ts'
import type { Frame } from './compress.ts'

const KEEP_DAYS = 30
const MILLISECONDS_A_DAY = 86_400_000

/** A frame and the file that holds it. */
export type StoredFrame = Frame & { readonly path: string }

const entrySchema = z.strictObject({
  frames: z.array(z.strictObject({ sizeBytes: z.number(), archiveBytes: z.number(), digest: z.string() })),
})

/** Directory of the cache: $NIXPACK_FRAME_CACHE, else below the user's cache directory; an empty variable counts as not set. */
export const frameCacheDir = (environment: Readonly<Record<string, string | undefined>>): string => {
  const set = (name: string): string | undefined => (environment[name] === '' ? undefined : environment[name])
  const base = set('XDG_CACHE_HOME') ?? join(set('HOME') ?? homedir(), '.cache')
  return set('NIXPACK_FRAME_CACHE') ?? join(base, 'nixpack', 'frames')
}

/** Name of the entry for a path archived with these settings. */
export const frameCacheKey = (parts: readonly (string | number)[]): string => createHash('sha256').update(JSON.stringify(parts)).digest('hex')

/** The frames under `key`, or undefined when there are none that are complete. */
export const readFrames = async (cacheDir: string, key: string): Promise<readonly StoredFrame[] | undefined> => {
  const entryDir = join(cacheDir, key)
  try {
    const entry = entrySchema.parse(JSON.parse(await readFile(join(entryDir, 'frames.json'), 'utf8')))
    const frames = entry.frames.map((frame, at) => ({ ...frame, digest: Buffer.from(frame.digest, 'hex'), path: framePath(entryDir, at) }))
    for (const frame of frames) if ((await stat(frame.path)).size !== frame.sizeBytes) return undefined
    const now = new Date()
    await utimes(entryDir, now, now)
    return frames
  } catch {
    // Missing, unreadable or damaged: the path is archived again and the entry replaced.
    return undefined
  }
}

/** Makes the frames of one entry through `write`, which gets the path for each frame's file, and publishes them. Throws ARCHIVE_FAILED. */
export const writeFrames = async (
  cacheDir: string,
  key: string,
  write: (path: (at: number) => string) => Promise<readonly Frame[]>,
): Promise<readonly StoredFrame[]> => {
  const temporaryDir = join(cacheDir, `.${key}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await mkdir(temporaryDir, { mode: 0o700 })
    const frames = await write((at) => framePath(temporaryDir, at))
    await writeFile(join(temporaryDir, 'frames.json'), JSON.stringify({ frames: frames.map((frame) => ({ ...frame, digest: frame.digest.toString('hex') })) }))
    await publish(temporaryDir, cacheDir, key)
    return frames.map((frame, at) => ({ ...frame, path: framePath(join(cacheDir, key), at) }))
  } catch (error) {
    if (error instanceof NixpackError || !(error instanceof Error)) throw error
    throw new NixpackError('ARCHIVE_FAILED', `cannot write frames to "${cacheDir}": ${error.message}`, {
      hint: 'free some space, or set NIXPACK_FRAME_CACHE to a directory with more of it',
    })
  } finally {
    await rm(temporaryDir, { recursive: true, force: true })
  }
}

/** Takes a damaged entry out of the way. */
export const dropFrames = async (cacheDir: string, key: string): Promise<void> => rm(join(cacheDir, key), { recursive: true, force: true })

/** Removes entries that no bundling has used for 30 days, and what killed ones left behind. */
export const pruneFrames = async (cacheDir: string): Promise<void> => {
  const oldest = Date.now() - KEEP_DAYS * MILLISECONDS_A_DAY
  for (const name of await readdir(cacheDir)) {
    const path = join(cacheDir, name)
    const age = name.startsWith('.') ? Date.now() - MILLISECONDS_A_DAY : oldest
    const stats = await stat(path).catch(() => undefined)
    if (stats !== undefined && stats.mtimeMs < age) await rm(path, { recursive: true, force: true })
  }
}

const framePath = (dir: string, at: number): string => join(dir, `${at}.zst`)

/** Whoever comes first stays: others may be reading the entry already, and the bytes are the same. */
const publish = async (temporaryDir: string, cacheDir: string, key: string): Promise<void> => {
  const entryDir = join(cacheDir, key)
  try {
    await rename(temporaryDir, entryDir)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'ENOTEMPTY' || error.code === 'EEXIST'))) throw error
    if ((await readFrames(cacheDir, key)) !== undefined) return
    // A damaged entry is in the way.
    const staleDir = `${temporaryDir}.old`
    await rename(entryDir, staleDir).catch(() => undefined)
    await rename(temporaryDir, entryDir)
    await rm(staleDir, { recursive: true, force: true })
  }
}
