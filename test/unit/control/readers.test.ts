import { expect, test } from 'vitest'
import { createReaders } from '../../../runtime/control/readers.ts'

const createReader = (stalledMs: number) => {
  const closed: (() => void)[] = []
  const reader = {
    stalledMs,
    isDestroyed: false,
    destroy: () => void (reader.isDestroyed = true),
    onClose: (listener: () => void) => void closed.push(listener),
  }
  return { reader, close: () => closed.forEach((listener) => listener()) }
}

const REFUSED = 'cannot answer: 2 readers are following already'

test('who has left something unread for seconds makes room, the first one first', () => {
  const readers = createReaders(2)
  const [first, second] = [createReader(9000), createReader(9000)]
  for (const { reader } of [first, second]) readers.add(reader, { isEvictable: true })
  readers.makeRoom()
  expect([first.reader.isDestroyed, second.reader.isDestroyed]).toEqual([true, false])
})

test('who has something to read for a moment stays', () => {
  const readers = createReaders(2)
  const reading = [createReader(4000), createReader(0)]
  for (const { reader } of reading) readers.add(reader, { isEvictable: true })
  expect(() => readers.makeRoom()).toThrow(REFUSED)
  expect(reading.map(({ reader }) => reader.isDestroyed)).toEqual([false, false])
  reading[0]?.close()
  expect(() => readers.makeRoom()).not.toThrow()
})

test('whom a run depends on stays, however long that takes', () => {
  const readers = createReaders(2)
  const running = [createReader(60_000), createReader(60_000)]
  for (const { reader } of running) readers.add(reader, { isEvictable: false })
  expect(() => readers.makeRoom()).toThrow(REFUSED)
  expect(running.map(({ reader }) => reader.isDestroyed)).toEqual([false, false])
})
