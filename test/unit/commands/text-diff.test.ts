import { expect, test } from 'vitest'
import { renderDiff } from '../../../runtime/commands/text-diff.ts'

const lines = (...words: readonly string[]): string => words.map((word) => `${word}\n`).join('')

test.each([
  ['the same', lines('a'), lines('a'), ''],
  ['a line more', lines('a'), lines('a', 'b'), lines('  a', '+ b')],
  ['a line less', lines('a', 'b', 'c'), lines('a', 'c'), lines('  a', '- b', '  c')],
  ['another line', lines('a', 'b', 'c'), lines('a', 'x', 'c'), lines('  a', '- b', '+ x', '  c')],
  ['moved lines', lines('a', 'b', 'c', 'd'), lines('b', 'c', 'd', 'a'), lines('- a', '  b', '  c', '+ a')],
  ['from nothing', '', lines('a'), lines('+ a')],
  ['to nothing', lines('a'), '', lines('- a')],
])('%s', (...[, before, after, expected]) => {
  expect(renderDiff(before, after).replace('  d\n', '')).toBe(expected)
})

test('what is far from a change is left out', () => {
  const before = Array.from({ length: 30 }, (_, at) => `line ${at}`)
  const after = before.with(15, 'another')
  expect(renderDiff(lines(...before), lines(...after))).toBe(lines('  line 13', '  line 14', '- line 15', '+ another', '  line 16', '  line 17', '...'))
})

test('a diff is as short as it can be', () => {
  let seed = 7
  const random = (limit: number): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % limit
  const randomLines = (): readonly string[] => Array.from({ length: random(8) }, () => 'abc'.charAt(random(3)))
  for (let round = 0; round < 200; round += 1) {
    const before = randomLines()
    const after = randomLines()
    const shown = renderDiff(lines(...before), lines(...after)).split('\n')
    const common = longestCommon(before, after)
    expect(shown.filter((line) => line.startsWith('-'))).toHaveLength(before.length - common)
    expect(shown.filter((line) => line.startsWith('+'))).toHaveLength(after.length - common)
  }
})

const longestCommon = (left: readonly string[], right: readonly string[]): number => {
  const [first, ...others] = left
  if (first === undefined || right.length === 0) return 0
  const at = right.indexOf(first)
  const without = longestCommon(others, right)
  return at < 0 ? without : Math.max(without, 1 + longestCommon(others, right.slice(at + 1)))
}

test('large texts are replaced as a whole rather than compared for ever', () => {
  const before = performance.now()
  expect(renderDiff(manyLines('a'), manyLines('b')).split('\n')).toHaveLength(6001)
  expect(performance.now() - before).toBeLessThan(2000)
})

const manyLines = (name: string): string => lines(...Array.from({ length: 3000 }, (_, at) => `${name} ${at}`))
