import { expect, test } from 'vitest'
import type { ProcessStatus } from '../../../runtime/contract/control.ts'
import { matchesPattern, processOf, resolveProcess, resolveSelection } from '../../../runtime/control/selection.ts'

const createStatus = (name: string, count = 1): ProcessStatus => {
  const standing = { state: 'ready', reason: '', pid: 1, uptimeMs: 1, restarts: 0, lastExit: null, nextStartInMs: null } as const
  const instances = Array.from({ length: count }, (_, at) => ({
    label: count === 1 ? name : `${name}:${at + 1}`,
    index: at + 1,
    ...standing,
    statusText: null,
  }))
  const counters = { starts: 1, restarts: 0, crashes: 0, lines: 0, bytes: 0, linesTruncated: 0, linesDropped: 0 }
  return { name, ...standing, numprocesses: count, wanted: true, hash: '', instances, counters }
}

const PROCESSES = [createStatus('web', 2), createStatus('web-admin'), createStatus('Redis')]
const select = (...operands: readonly string[]) => resolveSelection(operands, PROCESSES)

test.each([
  [[], []],
  [['web'], ['web']],
  [['web:2'], ['web:2']],
  [['web*'], ['web', 'web-admin']],
  [['w?b'], ['web']],
  [['web:*'], ['web:1', 'web:2']],
  [['*'], ['web', 'web-admin', 'Redis']],
  [
    ['web', 'web*', 'web'],
    ['web', 'web-admin'],
  ],
  [['redis'], ['Redis']],
  [['REDIS:1'], ['Redis:1']],
])('%j means %j', (operands, names) => {
  expect(select(...operands)).toEqual(names)
})

test('what matches nothing is refused with the nearest name', () => {
  expect(() => select('wep')).toThrow('cannot find process "wep", did you mean "web"?')
  expect(() => select('web:3')).toThrow('cannot find process "web:3", did you mean "web:1"?')
  expect(() => select('x*')).toThrow('cannot find process "x*"')
})

test('where one process is needed, several are refused', () => {
  expect(resolveProcess('web:2', PROCESSES)).toBe('web')
  expect(() => resolveProcess('web*', PROCESSES)).toThrow('"web*" means web, web-admin')
  expect(processOf('web:2', PROCESSES)).toBe('web')
})

test.each([
  ['', '', true],
  ['', '*', true],
  ['a', '', false],
  ['abc', 'a*c', true],
  ['abcbc', 'a*bc', true],
  ['abc', 'a?c', true],
  ['ac', 'a?c', false],
  ['abc', 'ab', false],
  ['a.c', 'a.c', true],
  ['abc', 'a.c', false],
])('%j and the pattern %j: %s', (text, pattern, matches) => {
  expect(matchesPattern(text, pattern)).toBe(matches)
})

test('no pattern takes long', () => {
  const before = performance.now()
  expect(matchesPattern('a'.repeat(48), `${'*a'.repeat(90)}b`)).toBe(false)
  expect(performance.now() - before).toBeLessThan(100)
})
