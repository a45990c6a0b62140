// Variables of type directory: made when missing, and tried. Returns the problems, in the words of the user's variable.

import { accessSync, constants, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeDirectory } from './make-directory.ts'
import type { Variable } from './variables.ts'

export const prepareDirectories = (variables: Iterable<Variable>): readonly string[] =>
  tryDirectories(variables, (dir) => {
    makeDirectory(dir)
    assertWritable(dir)
  })

/** The same without making anything: for a run that will not take place. */
export const checkDirectories = (variables: Iterable<Variable>): readonly string[] => tryDirectories(variables, (dir) => assertWritable(findExisting(dir)))

const tryDirectories = (variables: Iterable<Variable>, attempt: (dir: string) => void): readonly string[] =>
  [...variables].flatMap(({ name, declaration, text }) => {
    if (declaration.type !== 'directory' || text === '') return []
    try {
      attempt(text)
      return []
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return [`${name}: expected a writable directory, got ${JSON.stringify(text)} (${reason})`]
    }
  })

const assertWritable = (dir: string): void => accessSync(dir, constants.W_OK | constants.X_OK)

/** The directory itself or the nearest one above it. */
const findExisting = (path: string): string => {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return findExisting(dirname(path))
  if (!stats.isDirectory()) throw new Error(`"${path}" is not a directory`)
  return path
}
