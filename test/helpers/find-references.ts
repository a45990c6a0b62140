// Searches trees for references to store paths, in the contents of files and the targets of symlinks.
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

const PREFIX = '/nix/store/'
const HASH_SIZE = 32

/** Files and symlinks at or below `paths` that refer to one of the hashes, and how many were looked at. */
export const findReferences = (paths: readonly string[], hashes: ReadonlySet<string>): { readonly found: readonly string[]; readonly searched: number } => {
  const files = paths.flatMap(listFiles)
  return { found: files.filter((file) => refersTo(contentsOf(file), hashes)), searched: files.length }
}

const listFiles = (path: string): readonly string[] => {
  if (!lstatSync(path).isDirectory()) return [path]
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
}

const contentsOf = (file: string): Buffer => (lstatSync(file).isSymbolicLink() ? Buffer.from(readlinkSync(file)) : readFileSync(file))

const refersTo = (data: Buffer, hashes: ReadonlySet<string>): boolean => {
  for (let at = data.indexOf(PREFIX); at >= 0; at = data.indexOf(PREFIX, at + 1))
    if (hashes.has(data.toString('latin1', at + PREFIX.length, at + PREFIX.length + HASH_SIZE))) return true
  return false
}
