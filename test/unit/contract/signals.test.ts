import { constants } from 'node:os'
import { expect, test } from 'vitest'
import { isSignalName, SIGNAL_NAMES } from '../../../runtime/contract/signals.ts'

test('the signals are those that the system knows', () => {
  expect([...SIGNAL_NAMES].sort()).toEqual(Object.keys(constants.signals).sort())
})

test('nothing else is a signal', () => {
  expect(['SIGTERM', 'TERM', 'sigterm', 'SIGRTMIN', 'toString'].map(isSignalName)).toEqual([true, false, false, false, false])
})
