import { expect, test } from 'vitest'
import {
  parseWatchdogPeriodMs,
  planOuterExtension,
  planOuterReady,
  planOuterReloading,
  planOuterStatus,
  planOuterStopping,
} from '../../../runtime/supervisor/outer-notify.ts'

test('a status is one line, whatever it quotes', () => {
  expect(planOuterStatus('a\nREADY=1\n\nb\0c')).toEqual(['STATUS=a READY=1 b c'])
})

test('every state has its words', () => {
  expect(planOuterReady('2 processes')).toEqual(['READY=1', 'STATUS=2 processes'])
  expect(planOuterStopping('SIGTERM')).toEqual(['STOPPING=1', 'STATUS=SIGTERM'])
  expect(planOuterReloading(12_345_678_901_234n)).toEqual(['RELOADING=1', 'MONOTONIC_USEC=12345678901234'])
  expect(planOuterExtension(1500.0001)).toEqual(['EXTEND_TIMEOUT_USEC=1500001'])
})

test.each([
  [{}, undefined],
  [{ WATCHDOG_USEC: '' }, undefined],
  [{ WATCHDOG_USEC: '0' }, undefined],
  [{ WATCHDOG_USEC: '-5' }, undefined],
  [{ WATCHDOG_USEC: '1e6' }, undefined],
  [{ WATCHDOG_USEC: '30000000' }, 30_000],
  [{ WATCHDOG_USEC: '999999999999999' }, 2 ** 31 - 1],
  [{ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '' }, 30_000],
  [{ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '100' }, 30_000],
  [{ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '98' }, 30_000],
  [{ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '99' }, undefined],
  [{ WATCHDOG_USEC: '30000000', WATCHDOG_PID: 'x' }, undefined],
])('%j means %s to the processes 100 and 98', (variables, periodMs) => {
  expect(parseWatchdogPeriodMs(variables, [100, 98])).toBe(periodMs)
})
