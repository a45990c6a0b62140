// Rendered files -> run directory, each complete or not there.

import { chmodSync, renameSync, writeFileSync } from 'node:fs'
import { NixpackError } from '../contract/errors.ts'
import type { RenderedFile } from './render-files.ts'

export const writeFiles = (files: readonly RenderedFile[], filesDir: string): void => {
  for (const { name, text, mode } of files) {
    const temporaryPath = `${filesDir}/.${name}.new`
    const finalPath = `${filesDir}/${name}`
    try {
      writeFileSync(temporaryPath, text, { mode: 0o600, flag: 'wx' })
      chmodSync(temporaryPath, mode)
      renameSync(temporaryPath, finalPath)
    } catch (cause) {
      throw new NixpackError('CONFIG_UNWRITABLE', `cannot write configuration file "${finalPath}"`, { cause })
    }
  }
}
