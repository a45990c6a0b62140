import { describe, expect, test } from 'vitest'
import { decideRestart, NO_HISTORY } from '../../../runtime/supervisor/restart.ts'
import type { EndedRun, RestartRequest } from '../../../runtime/supervisor/restart.ts'
import { createRestartSpec } from '../../helpers/process-spec.ts'

const ended = (overrides: Partial<EndedRun> = {}): EndedRun => ({ outcome: 'failure', mark: 1, readyMs: 0, ...overrides })

const REQUEST: RestartRequest = {
  run: ended(),
  history: NO_HISTORY,
  spec: createRestartSpec(),
  isTask: false,
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
  ['never', 'unhealthy', 'restart'],
  ['never', 'spawnFailed', 'fail'],
  ['always', 'spawnFailed', 'restart'],
] as const)('policy %s after %s: %s', (policy, outcome, kind) => {
  expect(decide({ spec: { ...REQUEST.spec, policy }, run: ended({ outcome }) }).kind).toBe(kind)
})

test('a task that has succeeded is done, whatever the policy', () => {
  const spec = createRestartSpec({ policy: 'always' })
  expect(decide({ spec, isTask: true, run: ended({ outcome: 'success', mark: 0 }) }).kind).toBe('complete')
  expect(decide({ spec, isTask: true }).kind).toBe('restart')
})

test.each([
  ['never', { restartStatuses: [75] }, ended({ mark: 75 }), 'restart'],
  ['never', { restartStatuses: ['SIGHUP'] }, ended({ mark: 'SIGHUP' }), 'restart'],
  ['on-failure', { restartStatuses: [0] }, ended({ outcome: 'success', mark: 0 }), 'restart'],
  ['always', { preventStatuses: [100] }, ended({ mark: 100 }), 'complete'],
  ['always', { preventStatuses: ['SIGKILL'] }, ended({ mark: 'SIGKILL' }), 'complete'],
  ['on-failure', { preventStatuses: [7], restartStatuses: [7] }, ended({ mark: 7 }), 'complete'],
  ['always', { preventStatuses: [0] }, ended({ outcome: 'unhealthy', mark: undefined }), 'restart'],
] as const)('policy %s with %j after %j: %s', (...[policy, statuses, run, kind]) => {
  expect(decide({ spec: createRestartSpec({ policy, ...statuses }), run }).kind).toBe(kind)
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
  expect(decide({ history: { ...NO_HISTORY, attempt: 4 }, run: ended({ readyMs: 1000 }) })).toMatchObject({ delayMs: 0, history: { attempt: 1 } })
})

describe('the burst limit', () => {
  const failuresAtMs = [1, 2, 3, 4, 5].map((ago) => REQUEST.nowMs - ago * 1000)

  test('one failure more than the burst within the window gives up, with the reason', () => {
    expect(decide({ history: { ...NO_HISTORY, failuresAtMs } })).toEqual({ kind: 'fail', reason: 'it ended 6 times within 60 s' })
  })

  test('a stable run ends the count: a service that is killed now and then is never given up', () => {
    expect(decide({ history: { ...NO_HISTORY, failuresAtMs }, run: ended({ readyMs: 1000 }) })).toMatchObject({
      delayMs: 0,
      history: { failuresAtMs: [REQUEST.nowMs] },
    })
  })

  test('failures before the window are forgotten', () => {
    const old = failuresAtMs.map((atMs) => atMs - 60_000)
    expect(decide({ history: { ...NO_HISTORY, failuresAtMs: old } })).toMatchObject({ kind: 'restart', history: { failuresAtMs: [REQUEST.nowMs] } })
  })

  test('runs that never become ready are limited even when they last longer than the window', () => {
    const decision = decide({ run: ended({ outcome: 'unready', mark: undefined }), history: { ...NO_HISTORY, unreadyRuns: 5 } })
    expect(decision).toEqual({ kind: 'fail', reason: 'it did not become ready in 6 runs' })
  })

  test('-1 never gives up, and remembers nothing that grows', () => {
    const spec = createRestartSpec({ burst: -1 })
    expect(decide({ spec, history: { ...NO_HISTORY, failuresAtMs } })).toMatchObject({ kind: 'restart', history: { failuresAtMs: [REQUEST.nowMs] } })
  })
})

describe('starts that fail', () => {
  const spawnFailed = ended({ outcome: 'spawnFailed', mark: undefined, problem: 'no such file' })
  const spec = createRestartSpec({ maxRetry: 2 })

  test('wait before each new try, also the first, and give up after the limit', () => {
    const first = decide({ run: spawnFailed, spec })
    expect(first).toMatchObject({ kind: 'restart', delayMs: 100, history: { spawnFailures: 1 } })
    expect(decide({ run: spawnFailed, spec, history: { ...NO_HISTORY, spawnFailures: 1 } })).toMatchObject({ delayMs: 200 })
    expect(decide({ run: spawnFailed, spec, history: { ...NO_HISTORY, spawnFailures: 2 } })).toEqual({ kind: 'fail', reason: 'no such file' })
  })

  test('never spin, whatever is declared and drawn', () => {
    const endless = createRestartSpec({ maxRetry: -1, delayMs: 0 })
    const history = { ...NO_HISTORY, spawnFailures: 1_000_000 }
    expect(decide({ run: spawnFailed, spec: endless, history, random: 0 })).toMatchObject({ kind: 'restart', delayMs: 1 })
    expect(decide({ run: spawnFailed, spec: endless, history })).toMatchObject({ kind: 'restart', delayMs: 30_000 })
  })

  test('are forgotten when the program has run', () => {
    expect(decide({ spec, history: { ...NO_HISTORY, spawnFailures: 2 } })).toMatchObject({ kind: 'restart', history: { spawnFailures: 0 } })
  })
})

describe('flapping', () => {
  const flapping = { attempts: 2, windowMs: 1000, retryInMs: 7000, maxRetry: 5 }
  const spec = createRestartSpec({ flapping, burst: 0 })
  const decideAfter = (agoMs: number, flaps = 0, overrides: Partial<RestartRequest> = {}) =>
    decide({ spec, history: { ...NO_HISTORY, flaps, failuresAtMs: [REQUEST.nowMs - agoMs] }, ...overrides })

  test('below the number of attempts the restart is immediate', () => {
    expect(decide({ spec })).toMatchObject({ kind: 'restart', delayMs: 0, history: { failuresAtMs: [REQUEST.nowMs], flaps: 0 } })
  })

  test('that many ends within the window mean a pause, always the same', () => {
    expect(decideAfter(1000)).toMatchObject({
      kind: 'restart',
      delayMs: 7000,
      history: { failuresAtMs: [], flaps: 1 },
      reason: 'it is flapping: it ended 2 times within 1 s',
    })
    expect(decideAfter(1000, 4)).toMatchObject({ kind: 'restart', delayMs: 7000, history: { flaps: 5 } })
  })

  test('after the last pause it is given up, with the reason', () => {
    expect(decideAfter(1000, 5)).toEqual({ kind: 'fail', reason: 'it is flapping: it ended 2 times within 1 s, also after 5 pauses' })
  })

  test('ends further apart than the window reset the count', () => {
    expect(decideAfter(1001, 5)).toMatchObject({ kind: 'restart', delayMs: 0, history: { failuresAtMs: [], flaps: 0 } })
  })

  test('-1 pauses for ever', () => {
    expect(decideAfter(0, 1000, { spec: createRestartSpec({ flapping: { ...flapping, maxRetry: -1 } }) })).toMatchObject({ kind: 'restart', delayMs: 7000 })
  })
})
