import { expect, test } from 'vitest'
import {
  hasShortPaths,
  isInstanceName,
  planRunDirectoryBases,
  relocateTmp,
  resolveDirectories,
  resolveRunPaths,
} from '../../../runtime/contract/directories.ts'
import type { DirectoriesRequest } from '../../../runtime/contract/directories.ts'

test('the run directory is looked for where private directories belong', () => {
  expect(planRunDirectoryBases({ environment: { XDG_RUNTIME_DIR: '/run/user/7' }, uid: 7 })).toEqual([
    '/run/user/7/nixpack',
    '/tmp/nixpack-7/run',
    '/var/tmp/nixpack-7/run',
    '/dev/shm/nixpack-7/run',
  ])
  expect(planRunDirectoryBases({ environment: {}, uid: 0 })).toEqual(['/run/nixpack', '/tmp/nixpack-0/run', '/var/tmp/nixpack-0/run', '/dev/shm/nixpack-0/run'])
})

test('root does without the directory of its session, which is closed to the users that processes may run as', () => {
  expect(planRunDirectoryBases({ environment: { XDG_RUNTIME_DIR: '/run/user/0' }, uid: 0 }).slice(0, 2)).toEqual(['/run/nixpack', '/run/user/0/nixpack'])
})

test('temporary files can be elsewhere', () => {
  const paths = resolveRunPaths('/r', 'b', 'i')
  expect(relocateTmp(paths, { environment: {}, uid: 7 })).toEqual(paths)
  expect(relocateTmp(paths, { environment: { NIXPACK_TMP_DIR: '/big' }, uid: 7 })).toEqual({ ...paths, tmpDir: '/big/nixpack-7-b@i/tmp' })
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

const resolve = (request: Partial<DirectoriesRequest>) =>
  resolveDirectories({ environment: {}, uid: 7, workingDir: '/w', bundle: 'b', instance: 'i', chosen: {}, ...request })

test('what lasts is kept where state belongs', () => {
  expect(resolve({ uid: 0 })).toEqual({
    state: '/var/lib/nixpack/b/i',
    log: '/var/lib/nixpack/b/i/log',
    cache: '/var/lib/nixpack/b/i/cache',
    spool: '/var/lib/nixpack/b/i/spool',
    lock: '/var/lib/nixpack/b/i/lock',
    lib: '/var/lib/nixpack/b/i/lib',
  })
  expect(resolve({ environment: { XDG_STATE_HOME: '/x', HOME: '/h' } }).state).toBe('/x/nixpack/b/i')
  expect(resolve({ environment: { XDG_STATE_HOME: 'relative', HOME: '/h' } }).state).toBe('/h/.local/state/nixpack/b/i')
  expect(resolve({}).state).toBe('/var/tmp/nixpack-7/state/b/i')
})

test('every directory can be chosen; an option wins over the environment', () => {
  const environment = { NIXPACK_STATE_DIR: '/s', NIXPACK_LOG_DIR: 'logs', NIXPACK_APP_CACHE_DIR: '/c', NIXPACK_SPOOL_DIR: '' }
  expect(resolve({ environment, chosen: { state: 'mine', lib: '/l' } })).toEqual({
    state: '/w/mine',
    log: '/w/logs',
    cache: '/c',
    spool: '/w/mine/spool',
    lock: '/w/mine/lock',
    lib: '/l',
  })
})

test("the launcher's cache is not ours", () => {
  expect(resolve({ environment: { NIXPACK_CACHE_DIR: '/unpacked', HOME: '/h' } }).cache).toBe('/h/.local/state/nixpack/b/i/cache')
})
