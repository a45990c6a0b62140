// Reads one file of a store path and adds what it holds to the facts: its bytes as they are, and what is compressed in it.
import { closeSync, openSync } from 'node:fs'

import { readContainer } from './compressed.ts'
import { containerKind, HEAD_BYTES, isUnreadable } from './container.ts'
import type { ContainerKind } from './container.ts'
import type { Collector } from './collector.ts'
import type { DecoderTools } from './decode.ts'
import { elfMachine } from './elf.ts'
import type { MachineFile } from './facts.ts'
import { createScanner } from './scanner.ts'
import { bufferSource, fileSource, readInto } from './source.ts'
import type { Source } from './source.ts'
import { findZip } from './zip.ts'

/** `name` is relative to the store path. */
export type FileToRead = { readonly path: string; readonly name: string; readonly executable: boolean }

/** One for all files: they are read one after the other. */
const buffer = Buffer.allocUnsafe(1 << 20)

/** What is in the file never makes it fail: what cannot be read becomes a fact. */
export const readFacts = async ({ path, name, executable }: FileToRead, collector: Collector, tools: DecoderTools): Promise<void> => {
  const descriptor = openSync(path, 'r')
  try {
    const first = buffer.subarray(0, readInto(descriptor, buffer, 0))
    const source = first.length < buffer.length ? bufferSource(first) : fileSource(descriptor)
    const machine = executable ? elfMachine(first) : undefined
    if (machine !== undefined) collector.addMachine({ machine, file: name })
    if (isUnreadable(first)) collector.add({ reason: 'unread', file: name, run: '' })
    const { kind, archiveStart } = containerOf(source, first)
    scanFile(descriptor, first, { file: name, archiveStart, collector })
    if (kind !== undefined) await readContainer(kind, source, { file: name, collector, tools })
  } finally {
    closeSync(descriptor)
  }
}

/** The file and the machine of a program, when it is an ELF file; symbolic links are followed. */
export const readMachine = (path: string): MachineFile | undefined => {
  const descriptor = openSync(path, 'r')
  try {
    const machine = elfMachine(fileSource(descriptor).read(0, HEAD_BYTES))
    return machine === undefined ? undefined : { machine, file: path }
  } finally {
    closeSync(descriptor)
  }
}

/** What kind of container a file is, and from where on. */
const containerOf = (source: Source, head: Buffer): { readonly kind: ContainerKind | undefined; readonly archiveStart: number } => {
  const kind = containerKind(head)
  if (kind !== undefined) return { kind, archiveStart: 0 }
  const zip = findZip(source)
  return zip === undefined ? { kind, archiveStart: source.sizeBytes } : { kind: 'zip', archiveStart: zip.start }
}

type Scanned = { readonly file: string; readonly archiveStart: number; readonly collector: Collector }

/** The bytes as they are, `first` having been read. From `archiveStart` on they must not be changed. */
const scanFile = (descriptor: number, first: Buffer, { file, archiveStart, collector }: Scanned): void => {
  const scanner = createScanner(({ form, run, at }) => {
    collector.add({ reason: at >= archiveStart && form !== 'no-hash' ? 'archive' : form, file, run })
  })
  let chunk = first
  for (let offset = 0; chunk.length > 0; chunk = buffer.subarray(0, readInto(descriptor, buffer, offset))) {
    scanner.feed(chunk)
    offset += chunk.length
    if (chunk.length < buffer.length) break
  }
  scanner.end()
}
