// Reads the shape of one store path: what is in it, in the one order in which it is archived and hashed.
import { lstat, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'

import { NixpackError } from '../../runtime/contract/errors.ts'

export type TreeEntry =
  /** `name` is relative to the tree, empty for its root. */
  | { readonly kind: 'directory'; readonly name: string }
  | { readonly kind: 'file'; readonly name: string; readonly sizeBytes: number; readonly executable: boolean }
  | { readonly kind: 'symlink'; readonly name: string; readonly target: string }

/** All entries of a tree, parents before children, siblings by the bytes of their names. Throws ARCHIVE_FAILED for what Nix cannot hold. */
export const readTree = async (root: string, name = ''): Promise<readonly TreeEntry[]> => {
  const path = join(root, name)
  const stats = await lstat(path)
  if (stats.isSymbolicLink()) return [{ kind: 'symlink', name, target: await readlink(path) }]
  if (stats.isFile()) return [{ kind: 'file', name, sizeBytes: stats.size, executable: (stats.mode & 0o100) !== 0 }]
  if (!stats.isDirectory()) throw new NixpackError('ARCHIVE_FAILED', `cannot archive "${path}": it is neither a file, nor a directory, nor a symbolic link`)
  const children = await readNames(path)
  const entries: TreeEntry[] = [{ kind: 'directory', name }]
  // One by one: the arguments of a call have to fit on the stack, a large tree does not.
  for (const child of children) for (const entry of await readTree(root, name === '' ? child : `${name}/${child}`)) entries.push(entry)
  return entries
}

const readNames = async (path: string): Promise<readonly string[]> => {
  const names = await readdir(path, { encoding: 'buffer' })
  return names
    .sort((left, right) => left.compare(right))
    .map((bytes) => {
      const name = bytes.toString('utf8')
      if (Buffer.from(name).equals(bytes)) return name
      throw new NixpackError('ARCHIVE_FAILED', `cannot archive "${path}/${name}": its name is not UTF-8`)
    })
}
