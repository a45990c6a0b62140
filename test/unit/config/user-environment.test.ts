import { expect, test } from 'vitest'

import { pickCleanEnvironment, resolveUserEnvironment } from '../../../runtime/config/user-environment.ts'

test('what the launcher renamed is restored, what it set is removed', () => {
  const environment = {
    HOME: '/home/u',
    NIXPACK_ENV_NODE_OPTIONS: '--inspect',
    NIXPACK_ENV_OPENSSL_CONF: '/mine',
    OPENSSL_CONF: '/dev/null',
    NODE_OPTIONS: '--jitless',
    NIXPACK_BUNDLE: '/b',
    NIXPACK_RUN_DIR: '/r',
    NIXPACK_ENV_NIXPACK_ENV_X: 'forged',
  }
  expect(resolveUserEnvironment(environment)).toEqual({ HOME: '/home/u', NODE_OPTIONS: '--inspect', OPENSSL_CONF: '/mine', NIXPACK_RUN_DIR: '/r' })
})

test('a process gets what a program may expect anywhere and nothing else', () => {
  expect(pickCleanEnvironment({ PATH: '/bin', LC_ALL: 'C', TZ: 'UTC', NODE_OPTIONS: 'x', TOKEN: 'secret' })).toEqual({ PATH: '/bin', LC_ALL: 'C', TZ: 'UTC' })
})
