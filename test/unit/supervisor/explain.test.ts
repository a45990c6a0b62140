import { expect, test } from 'vitest'
import type { ProcessStatus } from '../../../runtime/contract/control.ts'
import { createExplanation, renderPolicy } from '../../../runtime/supervisor/explain.ts'
import { createRestartSpec, createSpec } from '../../helpers/process-spec.ts'

const status = (overrides: Partial<ProcessStatus> = {}): ProcessStatus => ({
  name: 'web',
  state: 'ready',
  reason: '',
  pid: 7,
  uptimeMs: 1000,
  restarts: 0,
  lastExit: null,
  nextStartInMs: null,
  numprocesses: 1,
  wanted: true,
  hash: 'h',
  instances: [],
  counters: { starts: 1, restarts: 0, crashes: 0, lines: 0, bytes: 0, linesTruncated: 0, linesDropped: 0 },
  ...overrides,
})
const web = createSpec({ name: 'web', dependsOn: { db: { condition: 'ready', restart: false }, job: { condition: 'completed_successfully', restart: false } } })

const explain = (overrides: Partial<ProcessStatus> = {}) =>
  createExplanation({
    spec: web,
    specs: [web, createSpec({ name: 'front', dependsOn: { web: { condition: 'started', restart: false } } })],
    status: status(overrides),
    standingOf: (name) => (name === 'db' ? 'ready' : 'pending'),
    stateOf: (name) => (name === 'db' ? 'ready' : 'backoff'),
    changes: [],
    lastLines: ['x'],
  })

test('what it waits for, who waits for it, what it said last', () => {
  expect(explain({ state: 'waiting' })).toMatchObject({
    summary: 'web waits for "job" to be completed successfully (it is backoff)',
    waitingFor: [
      { process: 'db', condition: 'ready', state: 'ready', met: true },
      { process: 'job', condition: 'completed_successfully', state: 'backoff', met: false },
    ],
    neededBy: ['front'],
    lastLines: ['x'],
  })
})

test.each([
  [{}, 'web is ready'],
  [{ state: 'stopped', wanted: false }, 'web is stopped: nobody wants it to run'],
  [{ state: 'running', reason: 'its check fails' }, 'web is running but not ready: its check fails'],
  [
    { state: 'backoff', reason: 'it exited with status 3', lastExit: 'exited with status 3', nextStartInMs: 1500 },
    'web is waiting before it is started again: it exited with status 3; the next one begins in 1.5 s',
  ],
  [{ state: 'failed', reason: 'it is flapping', lastExit: 'exited with status 3' }, 'web is failed: it is flapping; the last run exited with status 3'],
  [{ state: 'failed', reason: 'no such file', lastExit: 'could not be started: no such file' }, 'web is failed: no such file'],
  [{ state: 'scheduled', nextStartInMs: 60_000 }, 'web is waiting for its time: the next one begins in 60.0 s'],
] as const)('%j in a sentence', (overrides, summary) => {
  expect(explain(overrides).summary).toBe(summary)
})

test('what happens when it ends', () => {
  expect(renderPolicy(createSpec())).toBe('started again when it fails, at most 5 times within 60 s')
  expect(renderPolicy(createSpec({ restart: createRestartSpec({ policy: 'always', burst: -1 }) }))).toBe('started again, without end')
  expect(renderPolicy(createSpec({ restart: createRestartSpec({ policy: 'never' }), oneshot: true }))).toBe('done when it has succeeded; not started again')
  const flapping = { attempts: 2, windowMs: 1000, retryInMs: 7000, maxRetry: -1 }
  expect(renderPolicy(createSpec({ restart: createRestartSpec({ flapping }) }))).toBe(
    'started again when it fails, with a pause of 7 s after 2 ends within 1 s, without end',
  )
})
