// Gives a log file the name of a backup. Only renames, so that no line is copied, split or lost; the oldest backup
// gives way where the declaration says how many there may be.

import { readdir, rename, unlink } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'

/** FILE -> FILE.1 -> FILE.2 ... up to the first name that is free, or over the oldest. */
export const rotateNumbered = async (path: string, backupCount: number): Promise<void> => {
  const names = new Set(await list(dirname(path)))
  let free = 1
  while (free < backupCount && names.has(`${basename(path)}.${free}`)) free += 1
  for (let number = free; number > 1; number -= 1) await move(`${path}.${number - 1}`, `${path}.${number}`)
  await move(path, `${path}.1`)
}

/** FILE -> FILE.PERIOD. A second file of one period gets a number and replaces nothing. */
export const rotateDated = async (path: string, period: string): Promise<void> => {
  const names = await list(dirname(path))
  const stem = `${basename(path)}.${period}`
  let name = stem
  for (let number = 1; names.includes(name); number += 1) name = `${stem}.${number}`
  await move(path, join(dirname(path), name))
}

/** 0 backups: all are kept. What cannot be removed keeps nothing else from being removed; then the first error is thrown. */
export const removeDated = async (path: string, periodLength: number, backupCount: number): Promise<void> => {
  if (backupCount === 0) return
  const prefix = `${basename(path)}.`
  const isBackup = new RegExp(`^\\d{${periodLength}}(?:\\.\\d+)?$`)
  const backups = (await list(dirname(path)))
    .filter((entry) => entry.startsWith(prefix) && isBackup.test(entry.slice(prefix.length)))
    .toSorted((left, right) => left.localeCompare(right, 'en', { numeric: true }))
  const removals = await Promise.allSettled(backups.slice(0, -backupCount).map((entry) => remove(join(dirname(path), entry))))
  for (const removal of removals) if (removal.status === 'rejected') throw removal.reason
}

const move = promisify(rename)
const list = promisify(readdir)
const remove = promisify(unlink)
