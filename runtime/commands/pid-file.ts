// The file that holds our process id while we run, for those who look for one. It guards nothing: that is the lock's
// business, so that whatever it holds is replaced.

import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { NixpackError } from '../contract/errors.ts'

export const writePidFile = (path: string, pid: number): { readonly remove: () => void } => {
  const text = `${pid}\n`
  const temporaryPath = `${path}.${pid}`
  try {
    // Not written through a link that somebody has put there: it is made anew, and renamed.
    rmSync(temporaryPath, { force: true })
    writeFileSync(temporaryPath, text, { flag: 'wx' })
    chmodSync(temporaryPath, 0o644)
    renameSync(temporaryPath, path)
  } catch (cause) {
    throw new NixpackError('CONFIG_UNWRITABLE', `cannot write pid file "${path}"`, { cause })
  }
  return {
    remove: () => {
      try {
        if (readFileSync(path, 'utf8') === text) rmSync(path)
      } catch {
        // ENOENT: somebody else has removed it.
      }
    },
  }
}
