// What all conformance tests run: a bundle without processes of its own, the example, and the program that processes are.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../../..')
/** Name of a bundle -> the attribute of fixtures/circus/circus.nix. */
const BUNDLES = { circus: 'empty', 'circus-example': 'entrypoint' } as const
const BUNDLES_VARIABLE = 'NIXPACK_CONFORMANCE_BUNDLES'
const PROGRAMS_VARIABLE = 'NIXPACK_CONFORMANCE_PROGRAMS'

export type BundleName = keyof typeof BUNDLES

/** A directory of bundles that were made before, with another launcher for instance, can be named by its variable. */
export const setup = (): (() => void) => {
  const dir = mkdtempSync(join(tmpdir(), 'np-circus-'))
  try {
    execFileSync('gcc', ['-O1', '-Wall', '-Werror', '-o', join(dir, 'worker'), join(import.meta.dirname, 'worker.c')])
    process.env[PROGRAMS_VARIABLE] = dir
    if ((process.env[BUNDLES_VARIABLE] ?? '') === '') {
      for (const [name, attribute] of Object.entries(BUNDLES)) bundle(`fixtures/circus/circus.nix#${attribute}`, join(dir, name))
      process.env[BUNDLES_VARIABLE] = dir
    }
  } catch (error) {
    // vitest calls nothing after a setup that has failed.
    rmSync(dir, { recursive: true })
    throw error
  }
  return () => rmSync(dir, { recursive: true })
}

const bundle = (reference: string, output: string): void =>
  void execFileSync(join(ROOT, 'bin/nixpack'), ['bundle', reference, '--quiet', '--output', output], { cwd: ROOT, stdio: 'inherit' })

export const bundlePath = (name: BundleName): string => join(process.env[BUNDLES_VARIABLE] ?? '', name)

export const workerPath = (): string => join(process.env[PROGRAMS_VARIABLE] ?? '', 'worker')
