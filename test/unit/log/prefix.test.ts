import { expect, test } from 'vitest'
import { createPrefixer, wantsColour } from '../../../runtime/log/prefix.ts'

const TIME = Date.UTC(2026, 10, 21, 16, 5, 7, 42)

const linesOf = (label: string, bytes: string | Buffer) => ({ label, bytes: Buffer.from(bytes), timeMs: TIME })

test('every line gets the label, padded to the longest', () => {
  const { prefix } = createPrefixer({ labels: ['redis', 'api:2'], colour: false })
  expect(prefix(linesOf('api', 'a\n\nb\n')).toString()).toBe('api   | a\napi   | \napi   | b\n')
})

test('the column follows the labels that there are', () => {
  const { prefix, setLabels } = createPrefixer({ labels: ['api'], colour: false })
  setLabels(['api', 'worker:12'])
  expect(prefix(linesOf('api', 'a\n')).toString()).toBe('api       | a\n')
})

test('bytes that are not UTF-8 are kept', () => {
  const { prefix } = createPrefixer({ labels: ['a'], colour: false })
  expect(prefix(linesOf('a', Buffer.from([0xff, 0xc3, 0x0a])))).toEqual(Buffer.from([0x61, 0x20, 0x7c, 0x20, 0xff, 0xc3, 0x0a]))
})

test('colours surround the prefix, not the line, and stay when labels come and go', () => {
  const { prefix, setLabels } = createPrefixer({ labels: ['a', 'b'], colour: true })
  expect(prefix(linesOf('a', 'x\n')).toString()).toBe('\u001b[36ma |\u001b[0m x\n')
  setLabels(['b', 'c'])
  expect(prefix(linesOf('b', 'x\n')).toString()).toBe('\u001b[33mb |\u001b[0m x\n')
  expect(prefix(linesOf('c', 'x\n')).toString()).toBe('\u001b[32mc |\u001b[0m x\n')
})

test('a time stands before the label on request', () => {
  const { prefix } = createPrefixer({ labels: ['a'], colour: false, timestamps: true })
  expect(prefix(linesOf('a', 'x\ny\n')).toString()).toBe('2026-11-21T16:05:07.042Z a | x\n2026-11-21T16:05:07.042Z a | y\n')
})

test('without the label, only the time is left, or nothing', () => {
  const lines = linesOf('a', 'x\ny\n')
  expect(
    createPrefixer({ labels: ['a'], colour: true, prefix: false, timestamps: true })
      .prefix(lines)
      .toString(),
  ).toMatch(/^(?:\S+Z [xy]\n){2}$/)
  const copy = createPrefixer({ labels: ['a'], colour: true, prefix: false }).prefix(lines)
  expect(copy).toEqual(lines.bytes)
  // The lines are borrowed, what comes out is not.
  lines.bytes.fill('z')
  expect(copy.toString()).toBe('x\ny\n')
})

test('a dollar sign in a line or label is a dollar sign', () => {
  const { prefix } = createPrefixer({ labels: ['$&'], colour: false })
  expect(prefix(linesOf('$&', "$1\n$'\n")).toString()).toBe("$& | $1\n$& | $'\n")
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
