import { expect, test } from 'vitest'
import { parseSignalWord } from '../../../runtime/control/signal-word.ts'

test.each([
  ['SIGTERM', 'SIGTERM'],
  ['term', 'SIGTERM'],
  ['Usr1', 'SIGUSR1'],
  ['9', 'SIGKILL'],
])('%s is %s', (word, signal) => {
  expect(parseSignalWord(word)).toBe(signal)
})

test.each(['SIGTREM', '0', '65', '', 'toString'])('%j is no signal', (word) => {
  expect(() => parseSignalWord(word)).toThrow(`cannot send "${word}": no such signal`)
})

test('what is no signal at all comes with a hint', () => {
  expect(() => parseSignalWord('FOO')).toThrow(expect.objectContaining({ hint: expect.stringContaining('kill -l') }))
})
