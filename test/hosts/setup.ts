// Makes the hosts once for all tests of the matrix: root file systems, the program that enters them, a container image.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { setup as buildBundles } from '../helpers/e2e-bundles.ts'
import { buildHosts } from './build-hosts.ts'
import { prepareContainers, removeContainers } from './container.ts'
import { enterProgram, HOSTS_DIRECTORY_VARIABLE } from './enter-host.ts'

/** vitest calls this before the first test, and what it returns after the last: that must not block, workers are still ending. */
export const setup = (): (() => Promise<void>) => {
  const removeBundles = buildBundles()
  const dir = mkdtempSync('/var/tmp/nixpack-hosts-')
  chmodSync(dir, 0o755)
  process.env[HOSTS_DIRECTORY_VARIABLE] = dir
  try {
    execFileSync('gcc', ['-static', '-O1', '-D_GNU_SOURCE', '-o', enterProgram(), join(import.meta.dirname, 'enter.c')])
    buildHosts(dir)
    prepareContainers(join(dir, 'empty'))
  } catch (error) {
    rmSync(dir, { recursive: true, force: true })
    removeBundles()
    throw error
  }
  return async () => {
    await removeContainers()
    await rm(dir, { recursive: true, force: true })
    removeBundles()
  }
}
