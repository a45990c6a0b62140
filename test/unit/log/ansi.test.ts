import { expect, test } from 'vitest'
import { removesAnsi, stripAnsi } from '../../../runtime/log/ansi.ts'

test.each([
  ['colours', '\u001b[1;31mred\u001b[0m\n', 'red\n'],
  ['cursor movements and erasures', '\u001b[2K\u001b[1Gdone\n', 'done\n'],
  ['titles up to BEL and up to ST', '\u001b]0;title\u0007a\u001b]8;;http://x\u001b\\b\u001b]8;;\u001b\\\n', 'ab\n'],
  ['sequences of two and three characters', '\u001b7\u001b(Ba\u001b=\n', 'a\n'],
  ['nothing of what is open at the end of its line', 'a\u001b]0;title\nb\u001b[31mc\n', 'a\u001b]0;title\nbc\n'],
  ['nothing of other bytes', 'grün 🙂\n', 'grün 🙂\n'],
])('removes %s', (_what, text, expected) => {
  expect(stripAnsi(Buffer.from(text)).toString()).toBe(expected)
})

test('without a sequence it is the same buffer', () => {
  const bytes = Buffer.from('plain\n')
  expect(stripAnsi(bytes)).toBe(bytes)
})

test('bytes that are not UTF-8 are kept', () => {
  expect(stripAnsi(Buffer.from([0xff, 0x1b, 0x5b, 0x6d, 0x9b, 0x0a]))).toEqual(Buffer.from([0xff, 0x9b, 0x0a]))
})

test.each([
  ['auto', true, false],
  ['auto', false, true],
  ['keep', false, false],
  ['strip', true, true],
] as const)('policy %s with a terminal %s: removed %s', (policy, isTerminal, expected) => {
  expect(removesAnsi(policy, isTerminal)).toBe(expected)
})
