import { expect, test } from 'vitest'
import { editDistance, resolveNearestName } from '../../../runtime/contract/nearest-name.ts'

test.each([
  ['MARKOV', 'MARKOV', 0],
  ['MARKOV', 'MARKV', 1],
  ['MARKOV', 'MRAKVO', 2],
  ['AMRKOV', 'MARKVO', 2],
  ['MARKOV', 'HARBOUR', 4],
  ['', 'abc', 3],
  ['MARKOV_LISTEN_ADR', 'MARKOV_LISTEN_ADDR', 1],
  ['ab', 'ba', 1],
])('from %j to %j it is %i; above the limit only that is told', (left, right, distance) => {
  for (const limit of [0, 1, 2, 3, 4, 5]) expect(editDistance(left, right, limit)).toBe(Math.min(distance, limit + 1))
})

test('the nearest of several names is meant, and a far one never', () => {
  expect(resolveNearestName('resdis', ['postgres', 'radius', 'redis'])).toBe('redis')
  expect(resolveNearestName('stauts', ['start', 'status', 'stop'])).toBe('status')
  expect(resolveNearestName('nginx', ['postgres', 'redis'])).toBeUndefined()
  expect(resolveNearestName('x', ['status'])).toBeUndefined()
})
