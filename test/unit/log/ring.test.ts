import { expect, test } from 'vitest'
import { createRing } from '../../../runtime/log/ring.ts'
import type { Ring, RingEntry } from '../../../runtime/log/ring.ts'

const entryOf = (text: string, parts: Partial<RingEntry> = {}): RingEntry => ({
  stream: 'out',
  index: 1,
  pid: 7,
  timeMs: 1_700_000_000_123,
  sequence: 1,
  lastLine: 1,
  bytes: Buffer.from(text),
  ...parts,
})

const texts = (ring: Ring): readonly string[] => ring.entries().map(({ bytes }) => bytes.toString())

test('what goes in comes out, with everything that is known about it', () => {
  const ring = createRing(1000)
  const entries = [entryOf('a\n'), entryOf('b\nc\n', { stream: 'err', index: 41, pid: undefined, sequence: 2 ** 40, lastLine: 2 ** 33 })]
  for (const entry of entries) ring.push(entry)
  expect(ring.entries()).toEqual(entries)
})

test('the oldest lines go first, wherever the end of the memory is', () => {
  const ring = createRing(1000)
  const lines = Array.from({ length: 500 }, (_, at) => `line ${at} ${'x'.repeat(at % 37)}\n`)
  for (const [at, line] of lines.entries()) {
    ring.push(entryOf(line))
    const kept = texts(ring)
    expect(kept).toEqual(lines.slice(at + 1 - kept.length, at + 1))
    expect(kept.length).toBeGreaterThan(at < 10 ? at : 9)
  }
})

test('of a batch that is too large its last whole lines are kept, and nothing older', () => {
  const ring = createRing(240)
  ring.push(entryOf('before\n'))
  ring.push(entryOf('aaaaaaaaaaaaaaaaaaa\nbb\ncc\n'))
  expect(texts(ring)).toEqual(['bb\ncc\n'])
})

test('a line that is larger than all that is kept otherwise is kept, too; of one that is larger still the beginning', () => {
  const ring = createRing(400)
  ring.push(entryOf('before\n'))
  ring.push(entryOf(`a\n${'x'.repeat(199)}\n`))
  expect(texts(ring)).toEqual([`${'x'.repeat(199)}\n`])
  ring.push(entryOf(`a\n${'ä'.repeat(150)}\n`))
  expect(texts(ring)).toEqual([`${'ä'.repeat(96)} [...]\n`])
})

test('memory grows with use', () => {
  const ring = createRing(262_144)
  const lines = Array.from({ length: 400 }, (_, at) => `${at} ${'y'.repeat(100)}\n`)
  for (const line of lines) ring.push(entryOf(line))
  expect(texts(ring)).toEqual(lines)
})
