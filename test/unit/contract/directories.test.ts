import { expect, test } from 'vitest'
import { hasShortPaths, isInstanceName, planRunDirectoryBases, resolveRunPaths } from '../../../runtime/contract/directories.ts'

test('the run directory is looked for where private directories belong', () => {
  expect(planRunDirectoryBases({ environment: { XDG_RUNTIME_DIR: '/run/user/7' }, uid: 7 })).toEqual([
    '/run/user/7/nixpack',
    '/tmp/nixpack-7/run',
    '/var/tmp/nixpack-7/run',
    '/dev/shm/nixpack-7/run',
  ])
  expect(planRunDirectoryBases({ environment: {}, uid: 0 })).toEqual(['/run/nixpack', '/tmp/nixpack-0/run', '/var/tmp/nixpack-0/run', '/dev/shm/nixpack-0/run'])
})

test('a directory that was asked for has no alternative', () => {
  expect(planRunDirectoryBases({ environment: { NIXPACK_RUN_DIR: '/r', XDG_RUNTIME_DIR: '/x' }, uid: 7 })).toEqual(['/r'])
})

test('paths leave room for sockets', () => {
  expect(hasShortPaths(resolveRunPaths('/run/user/1000/nixpack', 'markov', 'default'))).toBe(true)
  expect(hasShortPaths(resolveRunPaths(`/${'x'.repeat(70)}`, 'markov', 'default'))).toBe(false)
})

test('instance names cannot leave their directory', () => {
  expect(['default', 'a.b-c_1', '..', '.x', 'a/b', '', 'x'.repeat(33)].map(isInstanceName)).toEqual([true, true, false, false, false, false, false])
})
