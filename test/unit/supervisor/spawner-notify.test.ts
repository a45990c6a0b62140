import { expect, test } from 'vitest'
import { parseNotifyFields } from '../../../runtime/supervisor/spawner-notify.ts'

test.each([
  [['READY=1'], { ready: true }],
  [['READY=0'], {}],
  [['RELOADING=1', 'MONOTONIC_USEC=5'], { reloading: true }],
  [['STOPPING=1', 'STATUS=good = bye'], { stopping: true, status: 'good = bye' }],
  [['STATUS='], { status: '' }],
  [['STATUS=a', 'STATUS=b'], { status: 'b' }],
  [['STATUS=\u001B[2Jgone\u0007\u202Etxt é'], { status: '?[2Jgone??txt é' }],
  [['WATCHDOG=1'], { watchdog: true }],
  [['WATCHDOG=trigger'], { watchdog: 'trigger' }],
  [['WATCHDOG=2'], {}],
  [['EXTEND_TIMEOUT_USEC=5000000'], { extendTimeoutUs: 5_000_000 }],
  [['MAINPID=42', 'ERRNO=2'], { mainPid: 42, errno: 2 }],
  [['MAINPID=-1', 'ERRNO=x', 'EXTEND_TIMEOUT_USEC=99999999999999999999', 'EXTEND_TIMEOUT_USEC'], {}],
  [['FDSTORE=1', 'nonsense', '=', ''], {}],
])('%j', (fields, expected) => {
  expect(parseNotifyFields(7, fields)).toEqual({ pid: 7, ...expected })
})
