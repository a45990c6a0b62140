// Appends whole lines to an open file. When it fails in the middle of a line, that line is taken back, so that what
// is written later begins on a line of its own.

import { fstat, ftruncate, write } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { LINE_FEED } from './count-lines.ts'

export type Appended = {
  /** Of whole lines. */
  readonly sizeBytes: number
  readonly error: Error | undefined
}

export const appendLines = async (fd: number, lines: Buffer): Promise<Appended> => {
  let written = 0
  while (written < lines.length) {
    try {
      const { bytesWritten } = await writeBytes(fd, lines, written, lines.length - written)
      written += bytesWritten
    } catch (error) {
      if (!(error instanceof Error)) throw error
      if (!('code' in error && error.code === 'EAGAIN')) return takeBack(fd, lines, written, error)
      await setTimeout(FULL_PIPE_RETRY_MS)
    }
  }
  return { sizeBytes: written, error: undefined }
}

/** A pipe or terminal that is full has no event for those who share it. */
const FULL_PIPE_RETRY_MS = 20

const writeBytes = promisify(write)
const statFile = promisify(fstat)
const truncateFile = promisify(ftruncate)

const takeBack = async (fd: number, lines: Buffer, written: number, error: Error): Promise<Appended> => {
  const whole = written === 0 ? 0 : lines.lastIndexOf(LINE_FEED, written - 1) + 1
  if (written > whole) {
    try {
      const { size } = await statFile(fd)
      await truncateFile(fd, size - (written - whole))
    } catch {
      // Not a regular file, or the disk is gone: the beginning of the line stays.
    }
  }
  return { sizeBytes: whole, error }
}
