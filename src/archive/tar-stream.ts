// The deterministic archive of a list of entries: ustar with pax headers where a name does not fit.
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { Header, Pax } from 'tar'

import { NixpackError } from '../../runtime/contract/errors.ts'
import type { TreeEntry } from './tree.ts'

const BLOCK_SIZE = 512
const END_BLOCKS = 2
/** Nix gives every file this time, in seconds since 1970. */
const STORE_TIME = new Date(1000)

/** Chunks of the archive; entry names start with `baseName`. Throws ARCHIVE_FAILED when a file changes its size under the reader. */
export async function* tarStream(root: string, baseName: string, entries: readonly TreeEntry[]): AsyncGenerator<Buffer> {
  for (const entry of entries) {
    yield encodeEntryHeader(baseName, entry)
    if (entry.kind === 'file') yield* readContent(join(root, entry.name), entry.sizeBytes)
  }
  yield Buffer.alloc(END_BLOCKS * BLOCK_SIZE)
}

/** Length of the archive of these entries in bytes. */
export const tarSize = (baseName: string, entries: readonly TreeEntry[]): number =>
  entries.reduce(
    (total, entry) => total + encodeEntryHeader(baseName, entry).length + (entry.kind === 'file' ? entry.sizeBytes + paddingOf(entry.sizeBytes) : 0),
    END_BLOCKS * BLOCK_SIZE,
  )

/** Header blocks of one entry; exported for the sizes that no test can have on disk. */
export const encodeEntryHeader = (baseName: string, entry: TreeEntry): Buffer => {
  const path = entry.name === '' ? baseName : `${baseName}/${entry.name}`
  const fields = { path, mode: modeOf(entry), uid: 0, gid: 0, mtime: STORE_TIME, ...typeOf(entry) }
  const block = Buffer.alloc(BLOCK_SIZE)
  const isLarge = fields.size > LARGEST_OCTAL_SIZE
  if (!new Header(isLarge ? { ...fields, size: 0 } : fields).encode(block) && !isLarge) return block
  const linkpath = entry.kind === 'symlink' ? { linkpath: entry.target } : {}
  const size = entry.kind === 'file' ? { size: entry.sizeBytes } : {}
  return Buffer.concat([new Pax({ path, ...linkpath, ...size }).encode(), block])
}

/** Eleven octal digits. Beyond, the package would write a number in base 256, which the launcher does not read. */
const LARGEST_OCTAL_SIZE = 0o77777777777

const modeOf = (entry: TreeEntry): number => {
  if (entry.kind === 'symlink') return 0o777
  return entry.kind === 'directory' || entry.executable ? 0o555 : 0o444
}

const typeOf = (entry: TreeEntry): HeaderType => {
  if (entry.kind === 'directory') return { type: 'Directory', size: 0 }
  if (entry.kind === 'symlink') return { type: 'SymbolicLink', size: 0, linkpath: entry.target }
  return { type: 'File', size: entry.sizeBytes }
}

type HeaderType = { readonly type: 'Directory' | 'SymbolicLink' | 'File'; readonly size: number; readonly linkpath?: string }

async function* readContent(path: string, sizeBytes: number): AsyncGenerator<Buffer> {
  let left = sizeBytes
  const stream: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: 1 << 20 })
  for await (const chunk of stream) {
    left -= chunk.length
    yield chunk
  }
  if (left !== 0) throw new NixpackError('ARCHIVE_FAILED', `cannot archive "${path}": its size changed while it was read`)
  const padding = paddingOf(sizeBytes)
  if (padding > 0) yield Buffer.alloc(padding)
}

const paddingOf = (sizeBytes: number): number => (BLOCK_SIZE - (sizeBytes % BLOCK_SIZE)) % BLOCK_SIZE
