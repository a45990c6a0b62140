// What all conformance tests run: one bundle without processes of its own, and the program that its processes are.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../../..')
const BUNDLE_VARIABLE = 'NIXPACK_CONFORMANCE_BUNDLE'
const PROGRAMS_VARIABLE = 'NIXPACK_CONFORMANCE_PROGRAMS'

/** A bundle that was made before, with another launcher for instance, can be named by its variable. */
export const setup = (): (() => void) => {
  const dir = mkdtempSync(join(tmpdir(), 'np-circus-'))
  try {
    execFileSync('gcc', ['-O1', '-Wall', '-Werror', '-o', join(dir, 'worker'), join(import.meta.dirname, 'worker.c')])
    process.env[PROGRAMS_VARIABLE] = dir
    if ((process.env[BUNDLE_VARIABLE] ?? '') === '') {
      const file = join(dir, 'circus')
      execFileSync(join(ROOT, 'bin/nixpack'), ['bundle', 'fixtures/circus/circus.nix#empty', '--quiet', '--output', file], { cwd: ROOT, stdio: 'inherit' })
      process.env[BUNDLE_VARIABLE] = file
    }
  } catch (error) {
    // vitest calls nothing after a setup that has failed.
    rmSync(dir, { recursive: true })
    throw error
  }
  return () => rmSync(dir, { recursive: true })
}

export const bundlePath = (): string => process.env[BUNDLE_VARIABLE] ?? ''

export const workerPath = (): string => join(process.env[PROGRAMS_VARIABLE] ?? '', 'worker')
