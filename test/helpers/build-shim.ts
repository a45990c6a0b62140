// The runtime directory that supervised processes are started from: the bare launcher as bin/shim.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')
const LAUNCHER_DIR = join(ROOT, 'build/launcher')

/** Test files run side by side: one of them builds, the others wait. */
export const buildShim = (directory: string): string => {
  mkdirSync(LAUNCHER_DIR, { recursive: true })
  const make = ['make', '-s', '-C', join(ROOT, 'runtime/launcher'), `OUT=${LAUNCHER_DIR}`]
  execFileSync('flock', [join(LAUNCHER_DIR, '.lock'), ...make], { stdio: ['ignore', 'ignore', 'inherit'] })
  mkdirSync(join(directory, 'bin'), { recursive: true })
  copyFileSync(join(LAUNCHER_DIR, 'launcher'), join(directory, 'bin/shim'))
  return directory
}
