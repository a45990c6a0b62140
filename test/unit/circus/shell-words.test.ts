import { expect, test } from 'vitest'

import { splitShellWords } from '../../../runtime/circus/shell-words.ts'

test.each([
  ['a b  c\n d', ['a', 'b', 'c', 'd']],
  [`a 'b c' "d e"`, ['a', 'b c', 'd e']],
  [`a'b'"c"d`, ['abcd']],
  [`"" ''`, ['', '']],
  [String.raw`a\ b \"c\" \\`, ['a b', '"c"', '\\']],
  [String.raw`"a\"b\\c\d$e" 'f\g'`, ['a"b\\c\\d$e', 'f\\g']],
  ['$(circus.wid) *.txt | x', ['$(circus.wid)', '*.txt', '|', 'x']],
  ['', []],
])('%j is split as shlex does', (text, words) => {
  expect(splitShellWords(text)).toEqual(words)
})

test.each([`a 'b`, `a "b`, 'a\\', `"a\\`])('%j is no command line', (text) => {
  expect(splitShellWords(text)).toBeUndefined()
})
