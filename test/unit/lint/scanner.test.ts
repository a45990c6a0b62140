import { expect, test } from 'vitest'

import { createScanner } from '../../../src/lint/scanner.ts'
import type { Sighting } from '../../../src/lint/scanner.ts'

const HASH = '0123456789abcdfghijklmnpqrsvwxyz'
const OTHER = 'zyxwvsrqpnmlkjihgfdcba9876543210'

const scan = (chunks: readonly Buffer[]): readonly Sighting[] => {
  const found: Sighting[] = []
  const scanner = createScanner((sighting) => found.push(sighting))
  for (const chunk of chunks) scanner.feed(chunk)
  scanner.end()
  return found
}

const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16()
const utf32le = (text: string): Buffer => Buffer.concat(Array.from(text, (character) => Buffer.from(`${character}\0\0\0`)))
const utf32be = (text: string): Buffer => Buffer.concat(Array.from(text, (character) => Buffer.from(`\0\0\0${character}`)))
const PATH = `/nix/store/${HASH}-name/bin/x`

test.each([
  ['a reference', Buffer.from(`RPATH=${PATH}\0`), 'reference'],
  ['a reference without a name behind it', Buffer.from(`/nix/store/${HASH}`), 'reference'],
  ['a bare hash', Buffer.from(`id: ${HASH}`), 'bare-hash'],
  ['a hash below another directory', Buffer.from(`/store/${HASH}-name`), 'bare-hash'],
  ['a hash in a URL', Buffer.from(`file%3A%2F%2Fnix%2Fstore%2F${HASH}`), 'bare-hash'],
  ['slashes escaped as in JSON', Buffer.from(`"\\/nix\\/store\\/${HASH}-name"`), 'escaped'],
  ['slashes escaped twice', Buffer.from(`"\\\\/nix\\\\/store\\\\/${HASH}"`), 'escaped'],
  ['UTF-16, little endian', Buffer.from(`x${PATH}`, 'utf16le'), 'utf-16'],
  ['UTF-16, big endian', utf16be(PATH), 'utf-16'],
  ['UTF-16 at an odd position', Buffer.concat([Buffer.from('x'), Buffer.from(PATH, 'utf16le')]), 'utf-16'],
  ['a bare hash in UTF-16', Buffer.from(`${HASH}!`, 'utf16le'), 'utf-16'],
  ['UTF-32, little endian', utf32le(PATH), 'utf-32'],
  ['UTF-32, big endian', utf32be(`x${PATH}`), 'utf-32'],
])('%s is found', (_what, bytes, form) => {
  expect(scan([bytes]).map(({ form, run }) => ({ form, run }))).toEqual([{ form, run: HASH }])
})

test.each([
  ['/nix/store', 1],
  ['/nix/store/%s', 1],
  ['"/nix/store/" + name', 1],
  [`/nix/store/${HASH.slice(1)}-name`, 1],
  ['/nix/storefront and /nix/store.', 2],
  [`/nix/store/${'e'.repeat(32)}-removed`, 0],
  ['/nix/stor', 0],
  [PATH, 0],
])('the store is named without a store path in %j %i times', (text, count) => {
  expect(scan([Buffer.from(text)]).filter(({ form }) => form === 'no-hash')).toHaveLength(count)
})

test.each([HASH.slice(1), `${HASH.slice(0, 31)}e`, HASH.toUpperCase(), `${HASH.slice(0, 16)}-${HASH.slice(16)}`])('%j is no hash', (text) => {
  expect(scan([Buffer.from(`/${text}/`)])).toEqual([])
})

test('a run that is longer than a hash is reported whole, with the form of its beginning', () => {
  expect(scan([Buffer.from(`/nix/store/${HASH}${OTHER}0-x`)])).toEqual([{ form: 'reference', run: `${HASH}${OTHER}0`, at: 11 }])
})

test('hashes that are told apart by one byte are two', () => {
  expect(scan([Buffer.from(`${HASH}:${OTHER}`)])).toEqual([
    { form: 'bare-hash', run: HASH, at: 0 },
    { form: 'bare-hash', run: OTHER, at: 33 },
  ])
})

const mixture = Buffer.concat([
  Buffer.from(`a${PATH} \\/nix\\/store\\/${OTHER} /nix/store ${HASH}\n`),
  Buffer.from(PATH, 'utf16le'),
  utf32be(PATH),
  Buffer.from(`/nix/store/${OTHER}`),
])
const sightingsOfMixture = scan([mixture])

const byPosition = (list: readonly Sighting[]): readonly Sighting[] => [...list].sort((left, right) => left.at - right.at)

test('what is found does not depend on where one chunk ends and the next begins', () => {
  expect(sightingsOfMixture).toHaveLength(7)
  for (let cut = 0; cut <= mixture.length; cut++)
    expect(byPosition(scan([mixture.subarray(0, cut), mixture.subarray(cut)])), `cut at ${cut}`).toEqual(byPosition(sightingsOfMixture))
  for (const size of [1, 2, 3, 7, 43, 64])
    expect(byPosition(scan(Array.from({ length: Math.ceil(mixture.length / size) }, (_, at) => mixture.subarray(at * size, (at + 1) * size))))).toEqual(
      byPosition(sightingsOfMixture),
    )
})

test('nor on the place in and between large chunks', () => {
  const CHUNK = 1 << 16
  const whole = Buffer.from(PATH, 'utf16le')
  for (let shift = -300; shift <= 300; shift++) {
    const chunks = [Buffer.alloc(CHUNK, ' '), Buffer.alloc(CHUNK, ' ')]
    const at = CHUNK + shift
    const bytes = Buffer.concat(chunks)
    whole.copy(bytes, at)
    Buffer.from(PATH).copy(bytes, at + 400)
    const found = scan([bytes.subarray(0, CHUNK), bytes.subarray(CHUNK)])
    expect(found.map(({ form }) => form).sort(), `at ${at}`).toEqual(['reference', 'utf-16'])
  }
})

test('every hash inside of a run across many chunks is in one of its reports', () => {
  const run = 'abcdf'.repeat(40) + HASH + 'ghijk'.repeat(40)
  for (const size of [1, 5, 31, 32, 33, 100, 1000]) {
    const found = scan(Array.from({ length: Math.ceil(run.length / size) }, (_, at) => Buffer.from(run.slice(at * size, (at + 1) * size))))
    expect(
      found.filter(({ run }) => run.includes(HASH)).map(({ form }) => form),
      `chunks of ${size}`,
    ).toEqual(['bare-hash'])
  }
})

test('a scanner takes another stream after the end of one', () => {
  const found: Sighting[] = []
  const scanner = createScanner((sighting) => found.push(sighting))
  for (const text of [`/nix/store/${HASH.slice(0, 10)}`, HASH.slice(10), PATH]) {
    scanner.feed(Buffer.from(text))
    scanner.end()
  }
  expect(found.map(({ form, at }) => ({ form, at }))).toEqual([
    { form: 'no-hash', at: 0 },
    { form: 'reference', at: 11 },
  ])
})
