import { expect, test } from 'vitest'

import { ROWS } from './rows.ts'

test('all 90 behaviours of circus and the 5 that it does not test are there, in order', () => {
  const numbers = Array.from({ length: 90 }, (_, index) => String(index + 1))
  expect(ROWS.map(({ number }) => number)).toEqual([...numbers.slice(0, 82), '82b', ...numbers.slice(82), 'A', 'B', 'C', 'D', 'E'])
})

test('every behaviour is tested, or is not meaningful here for a reason', () => {
  expect(ROWS.filter(({ verdict, test: check, here }) => (check === undefined) !== (verdict === 'not meaningful') || here === '')).toEqual([])
})

test('at least 85 of them are the same or better', () => {
  expect(ROWS.filter(({ verdict }) => verdict !== 'not meaningful').length).toBeGreaterThanOrEqual(85)
})
