import { chownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'

import { killBundles } from '../helpers/bundle-process.ts'
import { runComposedCell } from './composed-cell.ts'
import { CONTAINER_ROWS, DOCKER } from './container-rows.ts'
import { noContainersBecause } from './container.ts'
import { hostsDir } from './enter-host.ts'
import { runPlainCell } from './plain-cell.ts'
import { works } from './row.ts'
import type { Row } from './row.ts'
import { testRows } from './run-rows.ts'

testRows('containers', CONTAINER_ROWS)

afterEach(killBundles)

const rowWith = (container: readonly string[]): Row => ({
  title: 'a cache on a volume',
  host: 'empty',
  user: 'user',
  uid: 4242,
  container: [...DOCKER, '--tmpfs=/tmp', ...container],
  change: { env: { NIXPACK_CACHE_DIR: '/cache' } },
  expect: {},
})

const runBoth = async (row: Row): Promise<readonly string[]> => {
  const cell = { row, choice: 'auto', expected: works('relocate') } as const
  return [await runPlainCell(cell), await runComposedCell(cell)]
}

test('a read-only container starts from a read-only cache that another one has filled', async ({ skip }) => {
  const why = noContainersBecause()
  if (why !== undefined) skip(why)
  const cacheDir = join(hostsDir(), 'filled-cache')
  mkdirSync(cacheDir, { mode: 0o700 })
  chownSync(cacheDir, 4242, 4242)
  expect(await runBoth(rowWith([`--volume=${cacheDir}:/cache`]))).toEqual(['relocate', 'relocate'])
  expect(await runBoth(rowWith(['--read-only', `--volume=${cacheDir}:/cache:ro`]))).toEqual(['relocate', 'relocate'])
})
