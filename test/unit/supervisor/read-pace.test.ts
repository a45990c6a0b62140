import { expect, test } from 'vitest'
import { createReadPace } from '../../../runtime/supervisor/read-pace.ts'

const BUFFER = 262_144

test('a pipe that had much is left alone for a moment, not one that had little or has still more', () => {
  const { needsRest } = createReadPace()
  const reads = [65_536, 100, 4096, BUFFER, BUFFER, 200_000, 0, 65_536]
  expect(reads.map((bytes) => needsRest(bytes, BUFFER))).toEqual([true, false, false, false, false, true, false, true])
})

test('a pipe that holds no more after a rest than before is read without rests, and tried again later', () => {
  const { needsRest } = createReadPace()
  const rests = Array.from({ length: 500 }, () => needsRest(65_536, BUFFER))
  expect(rests.flatMap((rest, at) => (rest ? [at] : []))).toEqual([0, 129, 258, 387])
})

test('a pipe that fills up meanwhile is always left alone', () => {
  const { needsRest } = createReadPace()
  for (let at = 0; at < 100; at += 1) expect([needsRest(BUFFER, BUFFER), needsRest(BUFFER, BUFFER), needsRest(70_000, BUFFER)]).toEqual([false, false, true])
})
