import { expect, test } from 'vitest'

import { mergeSections, parseIni } from '../../../runtime/circus/ini.ts'

const valuesOf = (text: string) => Object.fromEntries(parseIni(`[s]\n${text}`, 'x.ini').sections[0]?.entries.map(({ key, value }) => [key, value]) ?? [])

test.each([
  ['equals signs and colons', 'a = 1\nb: 2\nc=3', { a: '1', b: '2', c: '3' }],
  ['the first separator', 'a = b:c=d\nurl: http://x', { a: 'b:c=d', url: 'http://x' }],
  ['comment lines', '# a = 1\n; b = 2\nrem c = 3\nREM\nd = 4', { d: '4' }],
  ['a semicolon after a space', 'a = 1 ; why\nb = x;y\nc = x;y ; z\nd = ; nothing', { a: '1', b: 'x;y', c: 'x;y ; z', d: '' }],
  ['hashes in values', 'a = 1 # 2', { a: '1 # 2' }],
  ['lines that go on', 'a = one\n  two\n\tthree\nb = 1', { a: 'one\ntwo\nthree', b: '1' }],
  ['blank and comment lines in between', 'a = one\n\n# no\n  two', { a: 'one\ntwo' }],
  ['the empty string', 'a = ""\nb =', { a: '', b: '' }],
  ['names as they are written', 'http_proxy = a\nHTTPS_PROXY = b\nFunKy_soUl = c', { http_proxy: 'a', HTTPS_PROXY: 'b', FunKy_soUl: 'c' }],
  ['line ends of DOS', 'a = 1\r\nb = 2\r', { a: '1', b: '2' }],
])('reads %s', (_what, text, expected) => {
  expect(valuesOf(text)).toEqual(expected)
})

test('of a key that is there twice the first value counts, with a warning', () => {
  const file = parseIni('[s]\na = 1\na = 2\n  more\n[t]\n[s]\na = 3', 'x.ini')
  expect(file.sections.map(({ name, entries }) => [name, entries.map(({ value }) => value)])).toEqual([
    ['s', ['1']],
    ['t', []],
  ])
  expect(file.warnings.map(({ place }) => place.line)).toEqual([3, 7])
})

test('every broken line is a problem with its number', () => {
  const file = parseIni('a = 1\n[s]\nno separator\n= no key\nb = 1', 'x.ini')
  expect(file.problems.map(({ place, text }) => `${place.file}:${place.line}: ${text}`)).toEqual([
    'x.ini:1: a line before the first [section]',
    'x.ini:3: expected KEY = VALUE, got "no separator"',
    'x.ini:4: expected KEY = VALUE, got "= no key"',
  ])
})

test('a later file adds to the sections of the former ones and changes nothing', () => {
  const files = [parseIni('[s]\na = 1\n[t]\nx = 1', 'one.ini'), parseIni('[s]\na = 2\nb = 2\n[u]\ny = 1', 'two.ini')]
  const { sections, warnings } = mergeSections(files)
  expect(sections.map(({ name, entries }) => [name, entries.map(({ key, value, place }) => `${key}=${value} ${place.file}`)])).toEqual([
    ['s', ['a=1 one.ini', 'b=2 two.ini']],
    ['t', ['x=1 one.ini']],
    ['u', ['y=1 two.ini']],
  ])
  expect(warnings).toEqual([{ place: { file: 'two.ini', line: 2 }, text: '"a" of [s] is set already in one.ini:2: the first one counts' }])
})

test('long lines and many keys take no more than their share of time', () => {
  const startedMs = performance.now()
  expect(parseIni(`[s]\nq${' '.repeat(200_000)}z`, 'x.ini').problems.length).toBe(1)
  const many = parseIni(`[s]\n${Array.from({ length: 50_000 }, (_, index) => `key${index} = 1`).join('\n')}`, 'x.ini')
  expect(mergeSections([many, many]).sections[0]?.entries.length).toBe(50_000)
  expect(performance.now() - startedMs).toBeLessThan(3000)
})
