import { expect, test } from 'vitest'
import { isLiving, parseStat } from '../../../runtime/supervisor/proc-stat.ts'

const render = (name: string, state = 'S'): string =>
  `4711 (${name}) ${state} 12 4711 4711 0 -1 4194304 1 2 3 4 150 50 7 9 20 5 3 0 987654 1000000 2560 18446744073709551615 1 1 0\n`

test('the fields of a process are read by their places', () => {
  expect(parseStat(render('redis-server'))).toEqual({
    pid: 4711,
    name: 'redis-server',
    state: 'S',
    parentPid: 12,
    session: 4711,
    cpuTicks: 200,
    nice: 5,
    threads: 3,
    startTicks: 987_654,
  })
})

test.each(['a) R 1 1 1', ') (', 'x (y) z', '', ' \n '])('the name %j cannot pretend to be fields', (name) => {
  const stat = parseStat(render(name))
  expect(stat).toMatchObject({ name, parentPid: 12, startTicks: 987_654 })
})

test.each(['', '4711', '4711 (x) S 1 2', ') 1 ('])('%j is no process', (text) => {
  expect(parseStat(text)).toBeUndefined()
})

test.each([
  ['S', true],
  ['R', true],
  ['D', true],
  ['T', true],
  ['Z', false],
  ['X', false],
])('a process in state %s is living: %s', (state, isAlive) => {
  const stat = parseStat(render('x', state))
  expect(stat && isLiving(stat)).toBe(isAlive)
})
