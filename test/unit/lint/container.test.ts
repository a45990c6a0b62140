import { expect, test } from 'vitest'

import { containerKind, isUnreadable } from '../../../src/lint/container.ts'
import { elfMachine } from '../../../src/lint/elf.ts'

test.each([
  ['gzip', '1f8b08'],
  ['zip', '504b0304'],
  ['zip', '504b0506'],
  ['zip', '504b0708'],
  ['xz', 'fd377a585a00'],
  ['zstd', '28b52ffd'],
  ['bzip2', '425a6839'],
  ['lz4', '04224d18'],
  ['7z', '377abcaf271c'],
])('%s is told by its first bytes %s, all of them', (kind, hex) => {
  const magic = Buffer.from(hex, 'hex')
  expect(containerKind(Buffer.concat([magic, Buffer.alloc(20)]))).toBe(kind)
  expect(containerKind(Buffer.concat([Buffer.alloc(1), magic]))).toBeUndefined()
  expect(containerKind(magic.subarray(0, 1))).toBeUndefined()
})

test.each([
  ['squashfs', '68737173'],
  ['a git pack', '5041434b00000002'],
  ['lzip', '4c5a4950'],
  ['lzma', '5d00008000'],
  ['a Debian package', '213c617263683e0a64656269616e2d62696e617279'],
  ['rpm', 'edabeedb'],
  ['rar', '526172211a07'],
  ['a cabinet', '4d534346'],
])('%s is told by its first bytes %s, and cannot be read', (_what, hex) => {
  const magic = Buffer.from(hex, 'hex')
  expect(isUnreadable(Buffer.concat([magic, Buffer.alloc(20)]))).toBe(true)
  expect(isUnreadable(Buffer.concat([Buffer.alloc(1), magic]))).toBe(false)
  expect(isUnreadable(magic.subarray(0, 3))).toBe(false)
})

test('a library of object files can', () => {
  expect(isUnreadable(Buffer.from('!<arch>\n/               0'))).toBe(false)
})

test('tar is told by the middle of its first header', () => {
  const header = Buffer.alloc(512)
  header.write('ustar', 257)
  expect(containerKind(header)).toBe('tar')
  expect(containerKind(header.subarray(0, 261))).toBeUndefined()
})

const elf = (type: number, machine: number, bigEndian = false): Buffer => {
  const head = Buffer.alloc(64)
  head.write('\u007fELF', 0, 'latin1')
  head[5] = bigEndian ? 2 : 1
  if (bigEndian) head.writeUInt16BE(type, 16)
  else head.writeUInt16LE(type, 16)
  if (bigEndian) head.writeUInt16BE(machine, 18)
  else head.writeUInt16LE(machine, 18)
  return head
}

test.each([
  ['an executable', elf(2, 62), 62],
  ['a shared object', elf(3, 183), 183],
  ['a big endian one', elf(2, 22, true), 22],
  ['an object file', elf(1, 62), undefined],
  ['a script', Buffer.from('#!/bin/sh and some more text'), undefined],
  ['a cut one', elf(2, 62).subarray(0, 19), undefined],
])('the machine of %s', (_what, head, machine) => {
  expect(elfMachine(head)).toBe(machine)
})
