// SHA-256 over the NAR serialisation of a tree, as Nix computes it (Nix manual, "Nix Archive (NAR) format").
import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'

import type { TreeEntry } from './tree.ts'

/** The narHash of the tree at `root`, whose entries come from readTree. */
export const narHashOf = async (root: string, entries: readonly TreeEntry[]): Promise<Buffer> => {
  const hash = createHash('sha256')
  writeStrings(hash, 'nix-archive-1')
  const open: string[] = []
  for (const entry of entries) {
    while (open.length > 0 && !isInside(entry.name, open.at(-1) ?? '')) closeNode(hash, open)
    if (entry.name !== '') writeStrings(hash, 'entry', '(', 'name', entry.name.slice(entry.name.lastIndexOf('/') + 1), 'node')
    writeStrings(hash, '(')
    if (entry.kind === 'directory') {
      writeStrings(hash, 'type', 'directory')
      open.push(entry.name)
      continue
    }
    await writeLeaf(hash, root, entry)
    writeStrings(hash, ')')
    if (entry.name !== '') writeStrings(hash, ')')
  }
  while (open.length > 0) closeNode(hash, open)
  return hash.digest()
}

const isInside = (name: string, directory: string): boolean => directory === '' || name.startsWith(`${directory}/`)

const closeNode = (hash: Hash, open: string[]): void => {
  writeStrings(hash, ')')
  if (open.pop() !== '') writeStrings(hash, ')')
}

const writeLeaf = async (hash: Hash, root: string, entry: Exclude<TreeEntry, { kind: 'directory' }>): Promise<void> => {
  if (entry.kind === 'symlink') {
    writeStrings(hash, 'type', 'symlink', 'target', entry.target)
    return
  }
  writeStrings(hash, 'type', 'regular')
  if (entry.executable) writeStrings(hash, 'executable', '')
  writeStrings(hash, 'contents')
  hash.update(lengthOf(entry.sizeBytes))
  for await (const chunk of createReadStream(join(root, entry.name), { highWaterMark: 1 << 20 })) hash.update(chunk)
  hash.update(padding(entry.sizeBytes))
}

const writeStrings = (hash: Hash, ...values: readonly string[]): void => {
  for (const value of values) {
    const bytes = Buffer.from(value)
    hash.update(lengthOf(bytes.length)).update(bytes).update(padding(bytes.length))
  }
}

const lengthOf = (length: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(length))
  return bytes
}

const padding = (length: number): Buffer => Buffer.alloc((8 - (length % 8)) % 8)
