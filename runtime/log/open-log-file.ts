// Opens a log file for appending. Whoever may write to its directory must gain nothing by what they put there: no
// symbolic link is followed and no FIFO waited for.

import { close, constants, fstat, open, stat } from 'node:fs'
import type { Stats } from 'node:fs'
import { promisify } from 'node:util'
import type { LogFileSpec } from '../contract/process-spec.ts'
import { makeLogDirectory } from './make-log-directory.ts'

export type OpenLogFile = {
  readonly fd: number
  readonly inode: string
  readonly sizeBytes: number
  /** Of the last line in it, as far as the file system knows. */
  readonly modifiedMs: number
  /** Devices and pipes have no size, no backups, and cannot be cut. */
  readonly isRegular: boolean
}

export const openLogFile = async ({ path, belowDir }: Pick<LogFileSpec, 'path' | 'belowDir'>): Promise<OpenLogFile> => {
  if (belowDir !== undefined) await makeLogDirectory(path, belowDir)
  const fd = await openFile(path, FLAGS | (OWN_STREAM.test(path) ? 0 : constants.O_NOFOLLOW), LOG_FILE_MODE)
  try {
    const stats = await statFile(fd)
    return { fd, inode: identify(stats), sizeBytes: stats.size, modifiedMs: stats.mtimeMs, isRegular: stats.isFile() }
  } catch (error) {
    await closeLogFile(fd)
    throw error
  }
}

export const closeLogFile = promisify(close)

/** Inode and size of what has this name now; undefined when that cannot be said. */
export const lookAtLogFile = async (path: string): Promise<{ readonly inode: string; readonly sizeBytes: number } | undefined> => {
  try {
    const stats = await statPath(path)
    return { inode: identify(stats), sizeBytes: stats.size }
  } catch {
    // Whatever is wrong is said by whoever opens it next.
    return undefined
  }
}

const openFile = promisify(open)
const statFile = promisify(fstat)
const statPath = promisify(stat)

const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK | constants.O_NOCTTY
const LOG_FILE_MODE = 0o640

/** These are symbolic links by nature. */
const OWN_STREAM = /^\/(?:dev\/(?:stdout|stderr|fd\/\d+)|proc\/self\/fd\/\d+)$/

const identify = ({ dev, ino }: Stats): string => `${dev}:${ino}`
