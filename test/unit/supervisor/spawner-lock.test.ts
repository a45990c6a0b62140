import { constants } from 'node:os'
import { expect, test } from 'vitest'
import { renderLockFailure } from '../../../runtime/supervisor/spawner-lock.ts'

test.each([
  ['ENOSPC', 'make room on its file system, or choose a directory on another one with --state-dir'],
  ['EROFS', 'choose a directory that you can write to with --state-dir'],
  ['EINVAL', undefined],
] as const)('a lock that ends with %s says what to do', (name, hint) => {
  const failure = renderLockFailure('/s/lock', { verb: 'error', id: '1', fields: [`errno=${constants.errno[name]}`, 'text=no'] })
  expect(failure).toMatchObject({ code: 'CONFIG_UNWRITABLE', message: 'cannot lock "/s/lock": no', hint })
})
