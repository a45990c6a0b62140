// Files that are either there whole or not at all: written beside their target, then renamed.
import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

export type AtomicWrite = {
  /** Subject to the umask, as for any file that a tool creates. */
  readonly mode: number
  readonly write: (file: FileHandle) => Promise<void>
  /** Looks at what is on disk before it gets its name. */
  readonly check: (temporaryPath: string) => Promise<void>
}

/** Writes `targetPath`, syncs, checks and publishes it by rename. Nothing is left behind when a step fails. */
export const writeAtomically = async (targetPath: string, { mode, write, check }: AtomicWrite): Promise<void> => {
  const temporaryPath = join(dirname(targetPath), `.${basename(targetPath)}.${randomBytes(6).toString('hex')}.tmp`)
  pendingPaths.add(temporaryPath)
  try {
    const file = await open(temporaryPath, 'wx', mode)
    try {
      await write(file)
      await file.sync()
    } finally {
      await file.close()
    }
    await check(temporaryPath)
    await rename(temporaryPath, targetPath)
  } finally {
    await rm(temporaryPath, { force: true })
    pendingPaths.delete(temporaryPath)
  }
}

const pendingPaths = new Set<string>()

/** Temporary files that an interrupted program must remove. */
export const unfinishedFiles = (): readonly string[] => [...pendingPaths]
