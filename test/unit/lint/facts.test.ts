import { expect, test } from 'vitest'

import { createCollector } from '../../../src/lint/collector.ts'
import { judge } from '../../../src/lint/facts.ts'
import type { Fact } from '../../../src/lint/facts.ts'

const HASH = '0123456789abcdfghijklmnpqrsvwxyz'
const OTHER = 'zyxwvsrqpnmlkjihgfdcba9876543210'
const isMember = (hash: string): boolean => hash === HASH

const verdict = (...facts: readonly Fact[]) => judge({ facts, machines: [], complete: true }, isMember)

test('a reference to a path of the bundle is no finding', () => {
  expect(verdict({ reason: 'reference', file: '', run: HASH })).toEqual({ references: true, notes: [] })
})

test.each(['reference', 'compressed', 'archive', 'utf-16', 'utf-32', 'escaped', 'bare-hash'] as const)(
  '%s of a path outside of the bundle counts for nothing',
  (reason) => {
    expect(verdict({ reason, file: 'a', run: OTHER })).toEqual({ references: false, notes: [] })
  },
)

test.each(['compressed', 'archive', 'utf-16', 'utf-32', 'escaped', 'bare-hash'] as const)('%s of a path of the bundle is a finding', (reason) => {
  expect(verdict({ reason, file: 'a', run: HASH })).toEqual({ references: false, notes: [{ reason, file: 'a' }] })
})

test.each(['no-hash', 'unread'] as const)('%s is a finding whatever the bundle holds', (reason) => {
  expect(verdict({ reason, file: 'a', run: '' }).notes).toEqual([{ reason, file: 'a' }])
})

test('behind the first characters of a run nothing stands but a bare hash', () => {
  expect(verdict({ reason: 'reference', file: '', run: `${OTHER}${HASH}` })).toEqual({ references: false, notes: [{ reason: 'bare-hash', file: '' }] })
})

test('a file has one finding for each reason', () => {
  const facts = [HASH, `0${HASH}`].flatMap((run) => ['a', 'b'].map((file) => ({ reason: 'utf-16', file, run }) as const))
  expect(verdict(...facts).notes).toEqual([
    { reason: 'utf-16', file: 'a' },
    { reason: 'utf-16', file: 'b' },
  ])
})

test('a list of more hashes than are worth keeping is cut, but not those of the bundle', () => {
  const collector = createCollector(isMember)
  for (let at = 0; at < 20_000; at++) collector.add({ reason: 'bare-hash', file: 'list', run: String(at).padStart(32, '0') })
  expect(collector.facts().complete).toBe(false)
  expect(judge(collector.facts(), isMember).notes).toEqual([])
  collector.add({ reason: 'bare-hash', file: 'list', run: HASH })
  collector.add({ reason: 'no-hash', file: 'list', run: '' })
  expect(judge(collector.facts(), isMember).notes.map(({ reason }) => reason)).toEqual(['bare-hash', 'no-hash'])
})
