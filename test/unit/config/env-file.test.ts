import { expect, test } from 'vitest'
import { addEnvFile, parseEnvFile } from '../../../runtime/config/env-file.ts'

const parse = (text: string) => parseEnvFile(Buffer.from(text), '/x/env')

const problemOf = (bytes: Uint8Array | string): string => {
  try {
    parseEnvFile(Buffer.from(bytes), '/x/env')
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

test.each([
  ['A=1', { A: '1' }],
  ['  A = 1  ', { A: '1' }],
  ['export A=1\nexport\tB=2', { A: '1', B: '2' }],
  ['# nothing\n\n   # A=1\nB=', { B: '' }],
  ['A=1 # one', { A: '1' }],
  ['A=a#b', { A: 'a#b' }],
  ['A= # empty', { A: '' }],
  ['A="a # b"  # c', { A: 'a # b' }],
  ["A='a \" \\n $x'", { A: 'a " \\n $x' }],
  [String.raw`A="l1\nl2\t\"q\" \\ \$x"`, { A: 'l1\nl2\t"q" \\ $x' }],
  ['A=$B ${C} `d`', { A: '$B ${C} `d`' }],
  ['A=b=c', { A: 'b=c' }],
  ['A=1\r\nB=2\r\n', { A: '1', B: '2' }],
  ['\uFEFFA=1', { A: '1' }],
  ['A=1\nA=2', { A: '2' }],
  ['A=a"b', { A: 'a"b' }],
  ['__proto__=x', JSON.parse('{"__proto__":"x"}')],
  ['', {}],
])('%j', (text, environment) => {
  expect(parse(text)).toEqual(environment)
})

test.each([
  ['A=1\nB', 'cannot read environment file "/x/env": line 2: expected NAME=VALUE'],
  ['=x', 'line 1: expected NAME=VALUE'],
  ['A-B=x', 'line 1: "A-B" is not the name of a variable'],
  ['1A=x', 'line 1: "1A" is not the name of a variable'],
  ['export A', 'line 1: expected NAME=VALUE'],
  ['A B=x', 'line 1: expected NAME=VALUE'],
  ['A="hush', 'line 1: the value of A has a quote without its end, or something behind it'],
  ["A='hush' hush", 'line 1: the value of A has a quote without its end'],
  ['A=a\0b', 'line 1: a NUL character'],
])('%j is refused: %s', (text, problem) => {
  expect(problemOf(text)).toContain(problem)
  expect(problemOf(text)).not.toContain('hush')
})

test('every bad line is told, up to a number of them', () => {
  expect(problemOf('A\nB=1\nC')).toBe('cannot read environment file "/x/env": \n  - line 1: expected NAME=VALUE\n  - line 3: expected NAME=VALUE')
  expect(problemOf('x\n'.repeat(1000)).split('\n')).toHaveLength(22)
})

test('what is no text, or too much of it, is refused', () => {
  expect(problemOf(Uint8Array.of(0x41, 0x3d, 0xff))).toContain('it is not text in UTF-8')
  expect(problemOf(`A=${'x'.repeat(1_048_576)}`)).toContain('1048576 are the limit')
})

test('the real environment wins, unless a variable is empty', () => {
  expect(addEnvFile({ A: 'real', B: '', C: '' }, { A: 'file', B: 'file' })).toEqual({ A: 'real', B: 'file', C: '' })
})
