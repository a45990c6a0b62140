import { expect, test } from 'vitest'
import { describeChange } from '../../../runtime/supervisor/describe.ts'
import { createRecord } from '../../../runtime/supervisor/state.ts'
import type { ProcessRecord } from '../../../runtime/supervisor/state.ts'

const clearing: ProcessRecord = { ...createRecord(), state: 'clearing' }

test.each([
  [{ reason: 'no such file', exit: { kind: 'spawnFailed', status: 127, message: 'no such file' } }, 'failed: no such file'],
  [{ reason: 'it ended 6 times', exit: { kind: 'code', code: 3 } }, 'failed: it ended 6 times; it exited with status 3'],
  [{ reason: '"db" ended', exit: undefined }, 'failed: "db" ended'],
] as const)('what has failed says why, and says it once: %j', (end, line) => {
  expect(describeChange(clearing, { ...clearing, state: 'failed', ...end })).toBe(line)
})

test.each([
  [{ reason: '', attempt: 2 }, 'exited with status 1, waiting before attempt 2'],
  [{ reason: 'it is flapping: it ended 2 times within 1 s', attempt: 0 }, 'exited with status 1; it is flapping: it ended 2 times within 1 s'],
])('a pause has its reason: %j', ({ reason, attempt }, line) => {
  const pausing: ProcessRecord = { ...clearing, state: 'backoff', reason, exit: { kind: 'code', code: 1 } }
  expect(describeChange(clearing, { ...pausing, history: { ...pausing.history, attempt } })).toBe(line)
})
