import { expect, test } from 'vitest'

import { parseReference } from '../../../src/nix/reference.ts'

const HASH = '0123456789abcdfghijklmnpqrsvwxyz'
const noDirectory = () => false

test.each([
  ['markov.nix#entrypoint', { kind: 'file', path: 'markov.nix', attribute: 'entrypoint' }],
  ['../a b/markov.nix#x.y', { kind: 'file', path: '../a b/markov.nix', attribute: 'x.y' }],
  ['a#b/markov.nix#x', { kind: 'file', path: 'a#b/markov.nix', attribute: 'x' }],
  ['github:owner/name.nix#pkg', { kind: 'flake', reference: 'github:owner/name.nix#pkg' }],
  ['.#set.nix', { kind: 'flake', reference: '.#set.nix' }],
  ['markov.nix', { kind: 'file', path: 'markov.nix', attribute: '' }],
  ['.#pkg', { kind: 'flake', reference: '.#pkg' }],
  ['github:owner/repo#pkg', { kind: 'flake', reference: 'github:owner/repo#pkg' }],
  [`/nix/store/${HASH}-hello-2.10`, { kind: 'store-path', baseName: `${HASH}-hello-2.10`, program: undefined }],
  [`/nix/store/${HASH}-hello-2.10/bin/hello`, { kind: 'store-path', baseName: `${HASH}-hello-2.10`, program: 'bin/hello' }],
  ['/nix/store/hello', { kind: 'flake', reference: '/nix/store/hello' }],
])('%s is told apart by its form', (text, expected) => {
  expect(parseReference(text, noDirectory)).toEqual(expected)
})

test('a directory with default.nix and no flake.nix is a file reference', () => {
  expect(parseReference('dir#x', (dir) => dir === 'dir')).toEqual({ kind: 'file', path: 'dir', attribute: 'x' })
})
