import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'

import { decodeFooter, decodeIndex, encodeFooter, encodeIndex, FOOTER_SIZE, INDEX_HEADER_SIZE } from '../../../runtime/contract/bundle-format.ts'
import type { BundleFooter, BundleIndex } from '../../../runtime/contract/bundle-format.ts'

const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()
const HASH = '0123456789abcdfghijklmnpqrsvwxyz'
const LAUNCHER_LENGTH = 1000

const index: BundleIndex = {
  name: 'markov',
  system: 'x86_64-linux',
  composed: true,
  entrypoint: 1,
  program: '',
  runtime: 0,
  paths: [
    {
      baseName: `${HASH}-a`,
      sizeBytes: 5,
      narHash: sha256(Buffer.from('a')),
      references: false,
      notes: [],
      frames: [{ offset: 1000, sizeBytes: 10, archiveBytes: 2048, digest: sha256(Buffer.from('x')) }],
    },
    {
      baseName: `${HASH}-b`,
      sizeBytes: 6,
      narHash: sha256(Buffer.from('b')),
      references: true,
      notes: [
        { reason: 'compressed', file: 'lib/a.jar' },
        { reason: 'no-hash', file: '' },
      ],
      frames: [
        { offset: 1010, sizeBytes: 20, archiveBytes: 4096, digest: sha256(Buffer.from('y')) },
        { offset: 1030, sizeBytes: 30, archiveBytes: 8192, digest: sha256(Buffer.from('z')) },
      ],
    },
  ],
}
const indexBytes = encodeIndex(index)
const footer: BundleFooter = {
  indexOffset: 1060,
  indexLength: indexBytes.length,
  indexDigest: sha256(indexBytes),
  launcherLength: LAUNCHER_LENGTH,
  totalSize: 1060 + indexBytes.length + FOOTER_SIZE,
}
const footerBytes = encodeFooter(footer, sha256)

test('an index is read as it was written', () => {
  expect(decodeIndex(indexBytes, footer)).toEqual(index)
})

test('a footer is read as it was written', () => {
  expect(decodeFooter(footerBytes, footer.totalSize, sha256)).toEqual(footer)
})

test('a footer with any byte changed is refused', () => {
  for (let at = 0; at < FOOTER_SIZE; at++) {
    const damaged = Buffer.from(footerBytes)
    damaged.writeUInt8(damaged.readUInt8(at) ^ 0xff, at)
    expect(() => decodeFooter(damaged, footer.totalSize, sha256), `byte ${at}`).toThrow(/cannot read bundle/)
  }
})

test('a footer of a file with another size is refused', () => {
  expect(() => decodeFooter(footerBytes, footer.totalSize - 1, sha256)).toThrow(/it was made for/)
})

test.each([1, 3])('a bundle of format %d is refused as PAYLOAD_VERSION, which names both versions', (version) => {
  const other = Buffer.from(footerBytes)
  other.writeUInt32LE(version, 8)
  sha256(other.subarray(0, 96)).copy(other, 96)
  const message = `cannot read bundle: its format has version ${version}, this program reads version 2`
  expect(() => decodeFooter(other, footer.totalSize, sha256)).toThrow(expect.objectContaining({ code: 'PAYLOAD_VERSION', message }))
})

test('an index of another format is refused, whatever the footer says', () => {
  const other = Buffer.from(indexBytes)
  other.writeUInt32LE(1, 8)
  expect(() => decodeIndex(other, footer)).toThrow(/its format has version 1/)
})

test('an index cut at any length is refused', () => {
  for (let length = 0; length < indexBytes.length; length++) {
    expect(() => decodeIndex(indexBytes.subarray(0, length), footer), `length ${length}`).toThrow(/cannot read bundle/)
  }
})

test.each([
  ['counts beyond its length', 16, 0xffff_ffff],
  ['an entrypoint that is not in it', 28, 2],
  ['a runtime that is not in it', 40, 7],
  ['an unknown machine', 44, 3],
  ['a name outside it', 48, 0xffff],
  ['a path whose frames are not in it', INDEX_HEADER_SIZE + 8, 9],
  ['an unknown flag of the bundle', 12, 2],
  ['an unknown flag of a path', INDEX_HEADER_SIZE + 56, 2],
  ['notes outside it', INDEX_HEADER_SIZE + 60, 0xffff],
  ['notes that are none', INDEX_HEADER_SIZE + 64, 3],
  ['something in the reserved bytes of its header', 60, 1],
  ['something in the reserved bytes of a path', INDEX_HEADER_SIZE + 92, 1],
])('an index with %s is refused', (_what, offset, value) => {
  const damaged = Buffer.from(indexBytes)
  damaged.writeUInt32LE(value, offset)
  expect(() => decodeIndex(damaged, footer)).toThrow(/cannot read bundle/)
})

test.each(['\u001b[31m', '\u009b31m', 'a\nb', '\u007f'])('names with the control characters in %j, which would reach the terminal, are refused', (text) => {
  const first = index.paths.slice(0, 1).map((path) => ({ ...path, baseName: `${HASH}-${text}` }))
  for (const bad of [
    { ...index, name: text },
    { ...index, program: text },
    { ...index, paths: [...first, ...index.paths.slice(1)] },
  ]) {
    expect(() => decodeIndex(encodeIndex(bad), footer)).toThrow(/a name holds a control character/)
  }
})

test('frames that do not follow each other are refused', () => {
  const shifted = { ...index, paths: index.paths.map((path) => ({ ...path, frames: path.frames.map((frame) => ({ ...frame, offset: frame.offset + 1 })) })) }
  expect(() => decodeIndex(encodeIndex(shifted), footer)).toThrow(/a frame starts at/)
})
