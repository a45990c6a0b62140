// The runtime for aarch64, built on this machine: the same bytes each time, accepted by every processor of the kind.
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

import { buildSupervisor } from '../../src/sea/supervisor.ts'
import { assertMachine, targetOf } from '../../src/sea/target.ts'
import { AARCH64_KERNEL, noKernel } from '../helpers/aarch64.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const TREE = join(ROOT, 'build', 'runtime', 'aarch64-linux', 'tree')

const dir = mkdtempSync(join(tmpdir(), 'np-aarch64-runtime-'))
afterAll(() => rmSync(dir, { recursive: true }))

test('every program and library of it is for aarch64', async () => {
  const files = globSync('*/*', { cwd: TREE })
  expect(files.length).toBeGreaterThan(5)
  for (const file of files) await assertMachine(join(TREE, file), 'aarch64-linux')
})

test('the supervisor has the same bytes when it is built again', async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const target = targetOf('aarch64-linux', join(ROOT, 'build', 'cross', 'aarch64-linux'))
  await buildSupervisor({ rootDir: ROOT, target, version, outputPath: join(dir, 'supervisor') })
  expect(readFileSync(join(dir, 'supervisor')).equals(readFileSync(join(TREE, 'bin', 'supervisor')))).toBe(true)
})

test.skipIf(noKernel).each(['max', 'cortex-a53'])('its code cache is taken by %s', (processor) => {
  const { stderr } = spawnSync(
    AARCH64_KERNEL,
    [join(TREE, 'lib', 'ld-linux-aarch64.so.1'), '--library-path', join(TREE, 'lib'), join(TREE, 'bin', 'supervisor'), 'version'],
    { encoding: 'utf8', env: { ...process.env, QEMU_CPU: processor, NODE_DEBUG: 'sea' } },
  )
  expect(stderr).toMatch(/^SEA \d+: code taken\n/)
})
