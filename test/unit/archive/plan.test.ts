import { expect, test } from 'vitest'

import { planArchives, sizeOf } from '../../../src/archive/plan.ts'
import type { TreeEntry } from '../../../src/archive/tree.ts'

const directory = (name: string): TreeEntry => ({ kind: 'directory', name })
const file = (name: string, sizeBytes: number): TreeEntry => ({ kind: 'file', name, sizeBytes, executable: false })

test('a small path is one archive', () => {
  const entries = [directory(''), file('a', 10), file('b', 10)]
  expect(planArchives(entries, 100)).toEqual([entries])
})

test('a large path is divided, and each archive repeats the directories that its first entry lies in', () => {
  const entries = [directory(''), directory('d'), directory('d/e'), file('d/e/1', 60), file('d/e/2', 60), file('d/e/3', 60)]
  expect(planArchives(entries, 100)).toEqual([entries.slice(0, 5), [directory(''), directory('d'), directory('d/e'), file('d/e/3', 60)]])
})

test('every entry is in exactly one archive', () => {
  const files = Array.from({ length: 50 }, (_, at) => file(`f${at}`, 7))
  const names = planArchives([directory(''), ...files], 20)
    .flat()
    .filter((entry) => entry.kind === 'file')
    .map((entry) => entry.name)
  expect(names).toEqual(files.map((entry) => entry.name))
})

test('a path that is one file, or empty, is one archive', () => {
  expect(planArchives([file('', 500)], 100)).toEqual([[file('', 500)]])
  expect(planArchives([directory('')], 100)).toEqual([[directory('')]])
})

test('the size of a path is that of its files', () => {
  expect(sizeOf([directory(''), file('a', 3), { kind: 'symlink', name: 'l', target: 'a' }, file('b', 4)])).toBe(7)
})
