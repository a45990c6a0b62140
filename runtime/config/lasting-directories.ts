// The directories that outlive a run: which of them a bundle uses, and making those.

import { chmodSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { collectStrings } from '../contract/collect-strings.ts'
import { DIRECTORY_VARIABLES, LASTING_DIRECTORY_NAMES } from '../contract/directories.ts'
import type { Directories, LastingDirectoryName } from '../contract/directories.ts'
import { NixpackError } from '../contract/errors.ts'
import type { Manifest } from '../contract/manifest.ts'
import { parseReferences } from '../contract/placeholder.ts'
import { makeDirectory } from './make-directory.ts'

/** Log files with relative paths are in dir.log. Automatic ports are in dir.state: whoever wants some adds it. */
export const findUsedDirectories = (manifest: Manifest): ReadonlySet<LastingDirectoryName> => {
  const { files, sockets, processes, tasks, pidFile } = manifest
  const names = collectStrings([files, sockets, processes, tasks, pidFile]).flatMap(parseReferences)
  const named = LASTING_DIRECTORY_NAMES.filter((known) => names.some(({ subject, name }) => subject === 'dir' && name === known))
  return new Set(hasRelativeLogs(manifest) ? [...named, 'log'] : named)
}

const hasRelativeLogs = ({ processes }: Manifest): boolean =>
  Object.values(processes)
    .flatMap(({ stdout, stderr }) => [stdout, stderr])
    .some((stream) => typeof stream !== 'string' && !/^(?:\/|@\{nixpack:)/.test(stream.file))

/**
 * Made for us alone (0700), as far as they are not there. What root keeps lies in directories that other users can
 * pass through, since processes may run as such; who gets what is in access.ts.
 */
export const makeLastingDirectories = (directories: Directories, used: ReadonlySet<LastingDirectoryName>, uid: number): void => {
  for (const name of listToMake(directories, used)) {
    try {
      makeDirectory(dirname(directories[name]), uid === 0 ? 0o755 : 0o700)
      makePrivate(directories[name], uid === 0 && name === 'state' ? 0o711 : 0o700)
    } catch (cause) {
      const hint = `set ${DIRECTORY_VARIABLES[name]} to a directory that you can write to`
      throw new NixpackError('CONFIG_UNWRITABLE', `cannot make directory "${directories[name]}" for dir.${name}`, { hint, cause })
    }
  }
}

/** The state directory, too, when something is below it; first, as it is declared. */
const listToMake = (directories: Directories, used: ReadonlySet<LastingDirectoryName>): readonly LastingDirectoryName[] => {
  const isBelowState = [...used].some((name) => directories[name].startsWith(`${directories.state}/`))
  return LASTING_DIRECTORY_NAMES.filter((known) => used.has(known) || (known === 'state' && isBelowState))
}

const makePrivate = (dir: string, mode: number): void => {
  try {
    mkdirSync(dir, { mode })
    // Whatever our umask is.
    chmodSync(dir, mode)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST') || !isDirectory(dir)) throw error
  }
}

/** A symbolic link to one is as good: whoever chose the place may have put it there. */
const isDirectory = (dir: string): boolean => statSync(dir).isDirectory()
