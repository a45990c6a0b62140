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
      if (!('code' in error && error.code === 'EAGAIN')) return { sizeBytes: await takeBack(fd, lines.subarray(0, written)), error }
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

/** The size of what stays: whole lines. */
const takeBack = async (fd: number, written: Buffer): Promise<number> => {
  const whole = written.lastIndexOf(LINE_FEED) + 1
  if (written.length === whole) return whole
  try {
    const { size } = await statFile(fd)
    await truncateFile(fd, size - (written.length - whole))
  } catch {
    // Not a regular file, or the disk is gone: the beginning of the line stays.
  }
  return whole
}
