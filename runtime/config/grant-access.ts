// Gives directories to the users that processes run as; files get their owners as they are written. Called before
// anything is started and by every reload.
//
//   const grants = planAccess({ manifest, plan, paths, directories })
//   writeFiles(files, paths.filesDir, grants)
//   grantAccess(grants, paths)

import { closeSync, constants, fchmodSync, fchownSync, fstatSync, openSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { RunPaths } from '../contract/directories.ts'
import { NixpackError } from '../contract/errors.ts'
import type { Grant } from './access.ts'

/** Directories that were not made are passed over. */
export const grantAccess = (grants: readonly Grant[], { instanceDir, filesDir, tmpDir }: RunPaths): void => {
  if (grants.length === 0) return
  try {
    // To be passed through, not to be read: nobody can list what is in there.
    for (const dir of [...listParents(instanceDir), instanceDir, filesDir, dirname(tmpDir)]) changeDirectory(dir, { mode: 0o011 })
    for (const { path, uid, gid, isShared } of grants.filter(({ isDirectory }) => isDirectory)) {
      changeDirectory(path, { owner: { uid, gid }, mode: isShared ? SHARED_DIRECTORY : 0 })
    }
  } catch (cause) {
    throw new NixpackError('CONFIG_UNWRITABLE', 'cannot give directories to the users that processes run as', { cause })
  }
}

/** Those that are ours: of the bundle, of all bundles, and below /tmp the one that holds them. */
const listParents = (instanceDir: string): readonly string[] => {
  const baseDir = dirname(dirname(instanceDir))
  const above = dirname(baseDir)
  return [...(basename(above) === 'nixpack-0' ? [above] : []), baseDir, dirname(instanceDir)]
}

/** New files belong to the group, and nobody removes those of others. */
const SHARED_DIRECTORY = 0o3070

type Change = { readonly owner?: { readonly uid: number; readonly gid: number }; readonly mode: number }

/** By descriptor: a path below a directory of somebody else may have become a link. */
const changeDirectory = (dir: string, { owner, mode }: Change): void => {
  const fd = openDirectory(dir)
  if (fd === undefined) return
  try {
    if (owner !== undefined) fchownSync(fd, owner.uid, owner.gid)
    fchmodSync(fd, (fstatSync(fd).mode & 0o7777) | mode)
  } finally {
    closeSync(fd)
  }
}

const openDirectory = (dir: string): number | undefined => {
  try {
    return openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
