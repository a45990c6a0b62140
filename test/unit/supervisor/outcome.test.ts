import { expect, test } from 'vitest'
import { createOutcome } from '../../../runtime/supervisor/outcome.ts'
import { createRecord } from '../../../runtime/supervisor/state.ts'
import type { ProcessRecord } from '../../../runtime/supervisor/state.ts'

const outcomeOf = (overrides: Partial<ProcessRecord>, lastLines: readonly string[] = []) =>
  createOutcome({ label: 'web', record: { ...createRecord(), ...overrides }, lastLines })

test('when nobody has failed the status is 0', () => {
  expect(createOutcome(undefined)).toEqual({ status: 0 })
})

test.each([
  [{ kind: 'code', code: 3 }, 3],
  [{ kind: 'signal', signal: 'SIGKILL' }, 137],
] as const)('a process that has completed with %j passes its status on: %i', (exit, status) => {
  expect(outcomeOf({ state: 'completed', exit })).toEqual({ status })
})

test.each([
  [{ exit: { kind: 'spawnFailed', status: 127, message: 'no such file' } }, 127, 'PROCESS_NOT_FOUND'],
  [{ exit: { kind: 'spawnFailed', status: 126, message: 'no' } }, 126, 'PROCESS_NOT_EXECUTABLE'],
  [{ exit: { kind: 'spawnFailed', status: 125, message: 'no' } }, 125, 'PROCESS_GAVE_UP'],
  [{ exit: { kind: 'spawnFailed', status: 125, message: 'taken', code: 'PORT_IN_USE' } }, 125, 'PORT_IN_USE'],
  [{ exit: { kind: 'code', code: 0 }, intent: 'unready' }, 125, 'PROCESS_NOT_READY'],
  [{ exit: { kind: 'code', code: 0 } }, 125, 'PROCESS_GAVE_UP'],
] as const)('a failure has a status and a code: %j is %i, %s', (record, status, code) => {
  expect(outcomeOf({ state: 'failed', reason: 'so', ...record })).toMatchObject({ status, error: { code } })
})

test('the message carries the reason, the exit and the last lines', () => {
  const { error } = outcomeOf({ state: 'failed', reason: 'it ended 6 times within 60 s', exit: { kind: 'code', code: 3 } }, ['one', 'two'])
  expect(error?.message).toBe('cannot keep "web" running: it ended 6 times within 60 s; it exited with status 3; its last lines:\n  | one\n  | two')
})

test('what never ran has only its reason', () => {
  expect(outcomeOf({ state: 'failed', reason: '"db" ended' }).error?.message).toBe('cannot keep "web" running: "db" ended')
})
