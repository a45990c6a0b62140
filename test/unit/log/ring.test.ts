import { expect, test } from 'vitest'
import { createRing } from '../../../runtime/log/ring.ts'

const texts = (ring: ReturnType<typeof createRing>): readonly string[] => ring.entries().map(({ bytes }) => bytes.toString())

test('the oldest lines go first', () => {
  const ring = createRing(8)
  for (const [index, text] of ['aa\n', 'bb\n', 'cc\n'].entries()) ring.push('out', { bytes: Buffer.from(text), count: 1 }, index)
  expect(texts(ring)).toEqual(['bb\n', 'cc\n'])
})

test('of a batch that is too large its last whole lines are kept', () => {
  const ring = createRing(6)
  ring.push('err', { bytes: Buffer.from('aaaa\nbb\ncc\n'), count: 3 }, 1)
  expect(texts(ring)).toEqual(['bb\ncc\n'])
})

test('a short line keeps no more memory alive than itself', () => {
  const ring = createRing(100)
  ring.push('out', { bytes: Buffer.allocUnsafe(65_536).subarray(0, 2), count: 1 }, 1)
  expect(ring.entries()[0]?.bytes.buffer.byteLength).toBe(2)
})
