// The directories of a log file below the one that is ours. No symbolic link in between is followed.

import { lstat, mkdir } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'

/** Those between `belowDir`, which is there, and the file. Throws the system's error. */
export const makeLogDirectory = async (path: string, belowDir: string): Promise<void> => {
  let dir = belowDir
  for (const name of relative(belowDir, dirname(path)).split('/')) {
    if (name === '' || name === '..') return
    dir = join(dir, name)
    await makeOne(dir)
  }
}

const makeOne = async (dir: string): Promise<void> => {
  try {
    await makeDirectory(dir, { mode: 0o700 })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST') || !(await lookAt(dir)).isDirectory()) throw error
  }
}

const makeDirectory = promisify(mkdir)
const lookAt = promisify(lstat)
