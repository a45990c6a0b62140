import { expect, test } from 'vitest'
import { decideRestart, NO_HISTORY } from '../../../runtime/supervisor/restart.ts'
import type { RestartRequest } from '../../../runtime/supervisor/restart.ts'
import { createSpec } from '../../helpers/process-spec.ts'

const REQUEST: RestartRequest = {
  run: { outcome: 'failure', readyMs: 0 },
  history: NO_HISTORY,
  spec: createSpec().restart,
  nowMs: 1_000_000,
  random: 0.999_999,
}

const decide = (overrides: Partial<RestartRequest>) => decideRestart({ ...REQUEST, ...overrides })

test.each([
  ['on-failure', 'success', 'complete'],
  ['on-failure', 'failure', 'restart'],
  ['always', 'success', 'restart'],
  ['always', 'failure', 'restart'],
  ['never', 'failure', 'complete'],
  ['never', 'success', 'complete'],
  ['never', 'unready', 'fail'],
  ['always', 'impossible', 'fail'],
] as const)('policy %s after %s: %s', (policy, outcome, kind) => {
  expect(decide({ spec: { ...REQUEST.spec, policy }, run: { outcome, readyMs: 0 } }).kind).toBe(kind)
})

test('the first restart is immediate, the next ones wait exponentially longer, up to the cap', () => {
  const delays = [0, 1, 2, 3, 4, 20].map((attempt) => {
    const decision = decide({ history: { ...NO_HISTORY, attempt } })
    return decision.kind === 'restart' ? decision.delayMs : undefined
  })
  expect(delays).toEqual([0, 100, 200, 400, 800, 30_000])
})

test('the jitter is full: with the smallest random number there is no delay', () => {
  expect(decide({ history: { ...NO_HISTORY, attempt: 4 }, random: 0 })).toMatchObject({ delayMs: 0 })
})

test('after a stable run the restart is immediate again', () => {
  expect(decide({ history: { ...NO_HISTORY, attempt: 4 }, run: { outcome: 'failure', readyMs: 1000 } })).toMatchObject({
    delayMs: 0,
    history: { attempt: 1 },
  })
})

test('one failure more than the burst within the window gives up, with the reason', () => {
  const failuresAtMs = [1, 2, 3, 4, 5].map((ago) => REQUEST.nowMs - ago * 1000)
  expect(decide({ history: { ...NO_HISTORY, failuresAtMs } })).toEqual({ kind: 'fail', reason: 'it ended 6 times within 60 s' })
})

test('a stable run ends the count: a service that is killed now and then is never given up', () => {
  const failuresAtMs = [1, 2, 3, 4, 5].map((ago) => REQUEST.nowMs - ago * 1000)
  expect(decide({ history: { ...NO_HISTORY, failuresAtMs }, run: { outcome: 'failure', readyMs: 1000 } })).toMatchObject({
    delayMs: 0,
    history: { failuresAtMs: [REQUEST.nowMs] },
  })
})

test('failures before the window are forgotten', () => {
  const failuresAtMs = [70_000, 80_000, 90_000, 100_000, 110_000].map((ago) => REQUEST.nowMs - ago)
  expect(decide({ history: { ...NO_HISTORY, failuresAtMs } })).toMatchObject({ kind: 'restart', history: { failuresAtMs: [REQUEST.nowMs] } })
})

test('runs that never become ready are limited even when they last longer than the window', () => {
  const decision = decide({ run: { outcome: 'unready', readyMs: 0 }, history: { ...NO_HISTORY, unreadyRuns: 5 } })
  expect(decision).toEqual({ kind: 'fail', reason: 'it did not become ready in 6 runs' })
})
