// Divides the entries of a store path into archives of about the same size, so that a large path unpacks in
// parallel. Pure.
import type { TreeEntry } from './tree.ts'

/** Bytes of file contents after which an archive ends. Smaller archives unpack in parallel but compress worse. */
export const ARCHIVE_BYTES = 24 << 20

/** The entries of each archive. Each repeats the directories that its first entries lie in, so that it can be unpacked alone. */
export const planArchives = (entries: readonly TreeEntry[], archiveBytes = ARCHIVE_BYTES): readonly (readonly TreeEntry[])[] => {
  const archives: TreeEntry[][] = []
  let current: TreeEntry[] = []
  let size = 0
  for (const entry of entries) {
    if (size >= archiveBytes) {
      archives.push(current)
      current = parentsOf(entry.name).map((name) => ({ kind: 'directory', name }))
      size = 0
    }
    current.push(entry)
    size += entry.kind === 'file' ? entry.sizeBytes : 0
  }
  return [...archives, current]
}

const parentsOf = (name: string): readonly string[] => {
  if (name === '') return []
  const parts = name.split('/')
  return ['', ...parts.slice(1).map((_, at) => parts.slice(0, at + 1).join('/'))]
}

/** Sum of the sizes of all files. */
export const sizeOf = (entries: readonly TreeEntry[]): number => entries.reduce((total, entry) => total + (entry.kind === 'file' ? entry.sizeBytes : 0), 0)
