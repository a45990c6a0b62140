// What all tests here share: small programs, and a cache directory in which the runtime is unpacked once.
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { buildProgram } from '../helpers/c-program.ts'
import { removeUnpacked } from '../helpers/remove-unpacked.ts'

const PROGRAMS_DIR = join(import.meta.dirname, '..', 'programs')
const DIRECTORY_VARIABLE = 'NIXPACK_ENDURANCE_DIR'

export const sharedDir = (): string => process.env[DIRECTORY_VARIABLE] ?? ''

/** Path of a program made of test/programs/NAME.c. */
export const programPath = (name: string): string => join(sharedDir(), 'programs', name)

/** vitest calls this before the first test, and what it returns after the last. */
export const setup = (): (() => void) => {
  if (process.getuid?.() !== 0) throw new Error('the endurance tests count the descriptors and the memory of other processes: run them as root')
  const dir = mkdtempSync('/var/tmp/np-endure-')
  chmodSync(dir, 0o755)
  process.env[DIRECTORY_VARIABLE] = dir
  mkdirSync(join(dir, 'programs'))
  try {
    for (const file of readdirSync(PROGRAMS_DIR)) if (file.endsWith('.c')) buildProgram(join(PROGRAMS_DIR, file), join(dir, 'programs'))
  } catch (error) {
    rmSync(dir, { recursive: true, force: true })
    throw error
  }
  return () => removeUnpacked(dir)
}
