// Variables of type directory: made when missing, and tried. Returns the problems, in the words of the user's variable.

import { accessSync, constants, mkdirSync } from 'node:fs'
import type { Variable } from './variables.ts'

export const prepareDirectories = (variables: Iterable<Variable>): readonly string[] =>
  [...variables].flatMap(({ name, declaration, text }) => {
    if (declaration.type !== 'directory' || text === '') return []
    try {
      mkdirSync(text, { recursive: true })
      accessSync(text, constants.W_OK | constants.X_OK)
      return []
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return [`${name}: expected a writable directory, got ${JSON.stringify(text)} (${reason})`]
    }
  })
