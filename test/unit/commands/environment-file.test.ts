import { expect, test } from 'vitest'
import { parseEnvironmentFile } from '../../../runtime/commands/environment-file.ts'

const parse = (text: string) => parseEnvironmentFile(text, '/etc/app.env')

test('NAME=VALUE lines, comments and blank lines', () => {
  expect(parse('# first\n\nA=1\n B = two words \nexport C=3\r\nD=\n')).toEqual({ A: '1', B: 'two words', C: '3', D: '' })
})

test('quotes around the whole value are removed; nothing is expanded', () => {
  expect(parse(`A="x y"\nB='$HOME'\nC=it's\nD="a" b\nE=$(id)`)).toEqual({ A: 'x y', B: '$HOME', C: "it's", D: '"a" b', E: '$(id)' })
})

test('the later line counts', () => {
  expect(parse('A=1\nA=2')).toEqual({ A: '2' })
})

test.each([['A'], ['=1'], ['1A=2'], ['A B=1']])('%j is refused with its place, not with its text', (line) => {
  expect(() => parse(`OK=1\n${line}`)).toThrow('cannot read environment file: expected NAME=VALUE at /etc/app.env:2')
})
