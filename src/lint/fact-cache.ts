// Facts of store paths that were read before, each in a file beside the frames of the frame cache, which also removes
// what has not been used for long. Only saves time: whatever goes wrong here means reading the path again.
import { createHash, randomBytes } from 'node:crypto'
import { readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

import { NOTE_REASONS } from '../../runtime/contract/relocation.ts'
import type { NoteReason } from '../../runtime/contract/relocation.ts'
import { makePrivateDirectory } from '../lib/make-directory.ts'
import type { PathFacts } from './facts.ts'

/** Bump when the same path gives other facts. */
const LINT_REVISION = 3

const isReason = (text: string): text is NoteReason | 'reference' => text === 'reference' || Object.hasOwn(NOTE_REASONS, text)

const factsSchema = z.strictObject({
  facts: z.array(z.strictObject({ reason: z.string().refine(isReason), file: z.string(), run: z.string() })),
  machines: z.array(z.strictObject({ machine: z.number(), file: z.string() })),
  complete: z.literal(true),
})

/** Name of the entry for a path, whose facts also depend on which decoders this machine has. */
export const factCacheKey = (narHash: Buffer, decoders: readonly string[]): string =>
  createHash('sha256')
    .update(JSON.stringify([LINT_REVISION, narHash.toString('hex'), decoders]))
    .digest('hex')

export const readCachedFacts = async (cacheDir: string, key: string): Promise<PathFacts | undefined> => {
  const path = entryPath(cacheDir, key)
  try {
    const facts = factsSchema.parse(JSON.parse(await readFile(path, 'utf8')))
    const now = new Date()
    await utimes(path, now, now)
    return facts
  } catch {
    // Missing, unreadable or damaged: read again.
    return undefined
  }
}

export const writeCachedFacts = async (cacheDir: string, key: string, facts: PathFacts): Promise<void> => {
  const temporaryPath = join(cacheDir, `.${key}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await makePrivateDirectory(cacheDir)
    await writeFile(temporaryPath, JSON.stringify(facts), { flag: 'wx', mode: 0o600 })
    await rename(temporaryPath, entryPath(cacheDir, key))
  } catch {
    // A full disk, or a directory that is not ours: who writes the frames says so.
    await rm(temporaryPath, { force: true }).catch(() => undefined)
  }
}

const entryPath = (cacheDir: string, key: string): string => join(cacheDir, `${key}.facts`)
