import { expect, test } from 'vitest'
import { createPrefixer, wantsColour } from '../../../runtime/log/prefix.ts'

test('every line gets the name, padded to the longest', () => {
  const prefix = createPrefixer({ names: ['redis', 'api'], colour: false })
  expect(prefix('api', { bytes: Buffer.from('a\n\nb\n'), count: 3 }).toString()).toBe('api   | a\napi   | \napi   | b\n')
})

test('bytes that are not UTF-8 are kept', () => {
  const prefix = createPrefixer({ names: ['a'], colour: false })
  expect(prefix('a', { bytes: Buffer.from([0xff, 0xc3, 0x0a]), count: 1 })).toEqual(Buffer.from([0x61, 0x20, 0x7c, 0x20, 0xff, 0xc3, 0x0a]))
})

test('colours surround the prefix, not the line', () => {
  const prefix = createPrefixer({ names: ['a'], colour: true })
  expect(prefix('a', { bytes: Buffer.from('x\n'), count: 1 }).toString()).toBe('\u001b[36ma |\u001b[0m x\n')
})

test.each([
  [{}, true, true],
  [{}, false, false],
  [{ TERM: 'dumb' }, true, false],
  [{ NO_COLOR: '1' }, true, false],
  [{ NO_COLOR: '' }, true, true],
  [{ FORCE_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '0' }, true, false],
  [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false, true],
])('environment %o on a terminal %s: colours %s', (environment, isTerminal, expected) => {
  expect(wantsColour(environment, isTerminal)).toBe(expected)
})
