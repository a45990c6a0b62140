// [env:PATTERN]: which watchers a section is for.
import { expect, test } from 'vitest'
import { findIdlePatterns } from '../../../runtime/circus/environment.ts'

const place = { file: 'x.ini', line: 1 }
const fits = (pattern: string, watcher: string): boolean => findIdlePatterns({ name: `env:${pattern}`, place, entries: [] }, [watcher]).length === 0

test.each([
  ['web', 'web', true],
  ['web', 'webs', false],
  ['w*', 'web', true],
  ['*b', 'web', true],
  ['*b', 'webs', false],
  ['w*e*b', 'weeb', true],
  ['*a*a', 'a', false],
  ['*a*', 'xax', true],
  ['?eb', 'web', true],
  ['[vw]eb', 'web', true],
  ['[!vw]eb', 'web', false],
  ['a.b', 'axb', false],
])('%s and %s: %s', (pattern, watcher, expected) => {
  expect(fits(pattern, watcher)).toBe(expected)
})

test('many stars take no time', () => {
  const startedMs = performance.now()
  expect(fits('*a'.repeat(20), `${'a'.repeat(60)}b`)).toBe(false)
  expect(performance.now() - startedMs).toBeLessThan(1000)
})
