import { expect, test } from 'vitest'
import { parseShimFailure, planShimArguments } from '../../../runtime/supervisor/shim.ts'

test('the program is given as it is, also when its arguments look like options', () => {
  const words = planShimArguments({ command: ['/bin/a', '--', '-x'], workingDir: '/w', supervisorPid: 9, fifoDir: '/f' })
  expect(words.slice(words.indexOf('--'))).toEqual(['--', '/bin/a', '/bin/a', '--', '-x'])
  expect(words).toEqual(expect.arrayContaining(['--fifo-dir', '/f', '--ppid', '9', '--cwd', '/w']))
})

test.each([
  ['E 2 exec No such file or directory', 127],
  ['E 13 exec Permission denied', 126],
  ['E 8 exec Exec format error', 126],
  ['E 2 cwd No such file or directory', 125],
])('%s means exit status %i', (line, status) => {
  expect(parseShimFailure(line, '/bin/a')).toMatchObject({ kind: 'spawnFailed', status })
})

test('other lines are no failures', () => {
  expect(parseShimFailure('F', '/bin/a')).toBeUndefined()
})
