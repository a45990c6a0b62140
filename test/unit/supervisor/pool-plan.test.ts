import { describe, expect, test } from 'vitest'
import { clampCount, planIndexes, planScale, planStopSteps, renderLabel, resolvePoolState, resolveStanding } from '../../../runtime/supervisor/pool-plan.ts'
import type { Member } from '../../../runtime/supervisor/pool-plan.ts'

const member = (index: number, overrides: Partial<Member> = {}): Member => ({
  index,
  state: 'ready',
  succeeded: false,
  isLeaving: false,
  order: index,
  ...overrides,
})

describe('indexes', () => {
  test('the lowest free ones, from 1 on', () => {
    expect(planIndexes([], 3)).toEqual([1, 2, 3])
    expect(planIndexes([member(1), member(3)], 2)).toEqual([2, 4])
  })

  test('a reload of four goes from 1-4 to 5-8 and back', () => {
    const old = [1, 2, 3, 4].map((index) => member(index))
    const next = planIndexes(old, 4)
    expect(next).toEqual([5, 6, 7, 8])
    expect(
      planIndexes(
        next.map((index) => member(index)),
        4,
      ),
    ).toEqual([1, 2, 3, 4])
  })

  test('the number is part of the label where there may be several', () => {
    expect(renderLabel({ name: 'web', numprocesses: 1 }, 1)).toBe('web')
    expect(renderLabel({ name: 'web', numprocesses: 1 }, 2)).toBe('web:2')
    expect(renderLabel({ name: 'web', numprocesses: 4 }, 1)).toBe('web:1')
  })
})

describe('scaling', () => {
  test('up: new ones at the lowest free numbers', () => {
    expect(planScale([member(2)], 3)).toEqual({ create: [1, 3], retire: [] })
  })

  test('down: the oldest go', () => {
    const members = [member(1, { order: 9 }), member(2, { order: 3 }), member(3, { order: 5 })]
    expect(planScale(members, 1)).toEqual({ create: [], retire: [2, 3] })
  })

  test('down: one that does not run goes before one that does', () => {
    expect(planScale([member(1), member(2, { state: 'backoff' })], 1).retire).toEqual([2])
  })

  test('one that is leaving counts no more, but its number is not free yet', () => {
    expect(planScale([member(1, { isLeaving: true, state: 'stopping' })], 1)).toEqual({ create: [2], retire: [] })
  })

  test('to nothing, and to what there is', () => {
    expect(planScale([member(1), member(2)], 0).retire).toEqual([1, 2])
    expect(planScale([member(1)], 1)).toEqual({ create: [], retire: [] })
  })

  test('a count is never below nothing, and a singleton never above one', () => {
    expect(clampCount({ singleton: false }, -99)).toBe(0)
    expect(clampCount({ singleton: true }, 4)).toBe(1)
    expect(clampCount({ singleton: true }, 0)).toBe(0)
    expect(clampCount({ singleton: false }, 5000)).toBe(1000)
  })
})

describe('what dependents see', () => {
  test.each([
    ['nothing is wanted', [], 0, 'pending'],
    ['all are ready', [member(1), member(2)], 2, 'ready'],
    ['one is not ready yet', [member(1), member(2, { state: 'running' })], 2, 'started'],
    ['one has not started yet', [member(1), member(2, { state: 'waiting' })], 2, 'pending'],
    ['one has failed, the other does their work', [member(1), member(2, { state: 'failed' })], 2, 'ready'],
    ['one has failed, the other is not ready yet', [member(1, { state: 'running' }), member(2, { state: 'failed' })], 2, 'started'],
    ['one has failed, the other was stopped', [member(1, { state: 'stopped' }), member(2, { state: 'failed' })], 2, 'failed'],
    ['all have failed', [member(1, { state: 'failed' }), member(2, { state: 'failed' })], 2, 'failed'],
    ['one has ended without success', [member(1, { state: 'completed' })], 1, 'failed'],
    ['all have done their work', [member(1, { state: 'completed', succeeded: true })], 1, 'completed'],
    ['one has done its work, the other runs', [member(1, { state: 'completed', succeeded: true }), member(2)], 2, 'ready'],
    ['it comes at the first connection', [member(1, { state: 'listening' })], 1, 'ready'],
    ['it has not had its time yet', [member(1, { state: 'scheduled' })], 1, 'pending'],
    ['it has done its work and waits for its next time', [member(1, { state: 'scheduled', succeeded: true })], 1, 'completed'],
    ['its successor is on the way', [member(1, { isLeaving: true }), member(2, { state: 'starting' })], 1, 'ready'],
    ['its successor has taken over', [member(1, { isLeaving: true, state: 'stopping' }), member(2)], 1, 'ready'],
  ] as const)('%s', (...[, members, count, expected]) => {
    expect(resolveStanding(members, count)).toBe(expected)
  })

  test('of several states the one that is news', () => {
    expect(resolvePoolState([member(1), member(2, { state: 'backoff' })])).toBe('backoff')
    expect(resolvePoolState([member(1), member(2, { state: 'stopped' })])).toBe('ready')
    expect(resolvePoolState([])).toBe('stopped')
  })
})

test.each([
  [
    {},
    [
      { signal: 'SIGQUIT', waitMs: 5000 },
      { signal: 'SIGTERM', waitMs: 20_000 },
    ],
  ],
  [{ signal: 'SIGINT' }, [{ signal: 'SIGINT', waitMs: 25_000 }]],
  [{ gracefulTimeoutMs: 100 }, [{ signal: 'SIGQUIT', waitMs: 100 }]],
  [{ signal: 'SIGINT', gracefulTimeoutMs: 100 }, [{ signal: 'SIGINT', waitMs: 100 }]],
] as const)('what a command does not say about a stop is as declared: %j', (how, steps) => {
  const declared = [
    { signal: 'SIGQUIT', waitMs: 5000 },
    { signal: 'SIGTERM', waitMs: 20_000 },
  ] as const
  expect(planStopSteps(declared, how)).toEqual(steps)
})
