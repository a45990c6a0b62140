import { expect, test } from 'vitest'
import { countByOne, countLines } from '../../../runtime/log/count-lines.ts'
import { countInMemory, resolveCountingMemory } from '../../../runtime/log/line-counter.ts'

test('line feeds are counted at any place and of any number', () => {
  const memory = resolveCountingMemory()
  if (memory === undefined) throw new Error('there are no addresses for it')
  for (let start = 0; start < 40; start += 1) {
    for (let size = 0; size < 70; size += 1) {
      memory.fill(0x0a)
      const bytes = memory.subarray(start, start + size)
      for (let at = 0; at < size; at += 1) bytes[at] = (at * 7 + start) % 5 === 0 ? 0x0a : 0x0b
      expect(countInMemory(bytes)).toBe(countByOne(bytes))
    }
  }
})

test('all of a large buffer is counted', () => {
  const memory = resolveCountingMemory()
  memory?.fill(0x0a)
  expect(memory === undefined ? 0 : countLines(memory)).toBe(memory?.length)
})

test('what lies elsewhere is counted one by one', () => {
  const bytes = Buffer.from('a\nb\n\n')
  expect(countInMemory(bytes)).toBeUndefined()
  expect(countLines(bytes)).toBe(3)
})
