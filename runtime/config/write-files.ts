// Rendered files -> run directory, each complete or not there. The directory may belong to the user that a process runs
// as, so nothing is done by name that could be a link by now.

import { closeSync, fchmodSync, fchownSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { Grant } from './access.ts'
import { NixpackError } from '../contract/errors.ts'
import type { RenderedFile } from './render-files.ts'

export const writeFiles = (files: readonly RenderedFile[], filesDir: string, grants: readonly Grant[] = []): void => {
  for (const file of files) {
    const finalPath = `${filesDir}/${file.name}`
    const temporaryPath = `${filesDir}/.${file.name}.new`
    try {
      rmSync(temporaryPath, { force: true })
      writeNew(
        temporaryPath,
        file,
        grants.find(({ path }) => path === finalPath),
      )
      renameSync(temporaryPath, finalPath)
    } catch (cause) {
      throw new NixpackError('CONFIG_UNWRITABLE', `cannot write configuration file "${finalPath}"`, { cause })
    }
  }
}

const writeNew = (path: string, { text, mode }: RenderedFile, grant: Grant | undefined): void => {
  const fd = openSync(path, 'wx', 0o600)
  try {
    writeFileSync(fd, text)
    if (grant !== undefined) fchownSync(fd, grant.uid, grant.gid)
    fchmodSync(fd, grant?.isShared === true ? mode | 0o040 : mode)
  } finally {
    closeSync(fd)
  }
}
