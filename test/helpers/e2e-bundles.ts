// Builds the bundles that the end-to-end tests run, once for all of them, through the real command line.
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { allProcessesOf, killBundles, until } from './bundle-process.ts'

const ROOT = join(import.meta.dirname, '..', '..')
/** Reference of each bundle. */
const REFERENCES = {
  markov: 'fixtures/markov/markov.nix#entrypoint',
  hello: 'fixtures/markov/markov.nix#hello',
  script: 'fixtures/markov/markov.nix#script',
  bash: 'fixtures/markov/markov.nix#bash',
} as const

export type BundleName = keyof typeof REFERENCES

const DIRECTORY_VARIABLE = 'NIXPACK_E2E_DIR'

/** Path of a bundle that globalSetup has built. */
export const bundlePath = (name: BundleName): string => join(process.env[DIRECTORY_VARIABLE] ?? '', name)

/** Runs the build CLI; returns what it printed on stdout. */
export const nixpack = (args: readonly string[], environment: Readonly<Record<string, string>> = {}): string =>
  execFileSync(join(ROOT, 'bin', 'nixpack'), args, { cwd: ROOT, encoding: 'utf8', env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] })

/** vitest calls this before the first end-to-end test, and what it returns after the last. The directory is open to other users, who may not see ours. */
export const setup = (): (() => void) => {
  if (process.getuid?.() !== 0) throw new Error('the end-to-end tests hide /nix and become other users: run them as root')
  if (!existsSync('/nix/store')) throw new Error('there is no /nix/store: run the end-to-end tests with `make e2e`')
  // Bundles that were made before, with another launcher for instance.
  if ((process.env[DIRECTORY_VARIABLE] ?? '') !== '') return () => {}
  const dir = mkdtempSync('/var/tmp/nixpack-e2e-')
  chmodSync(dir, 0o755)
  process.env[DIRECTORY_VARIABLE] = dir
  const remove = (): void => rmSync(dir, { recursive: true })
  try {
    for (const [name, reference] of Object.entries(REFERENCES)) nixpack(['bundle', reference, '--quiet', '--output', join(dir, name)])
  } catch (error) {
    // vitest calls nothing after a setup that has failed.
    remove()
    throw error
  }
  return remove
}

let lastUid = 50_000 + (process.pid % 500) * 16
const users: { readonly uid: number; readonly dir: string }[] = []

/** A user that has no entry in passwd and no process, with an empty directory of its own. Whoever makes the directory has the user. */
export const newUser = (): { readonly uid: number; readonly dir: string } => {
  for (;;) {
    const uid = (lastUid += 1)
    const dir = join('/tmp', `np-e2e-${uid}`)
    if (!hasMade(dir)) continue
    chownSync(dir, uid, uid)
    users.push({ uid, dir })
    return { uid, dir }
  }
}

const hasMade = (dir: string): boolean => {
  try {
    mkdirSync(dir, { mode: 0o700 })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/** Ends what a failed test left running and removes what its users unpacked. For afterEach. */
export const removeUsers = async (): Promise<void> => {
  killBundles()
  for (const { uid, dir } of users.splice(0)) {
    await until(`user ${uid} has no process`, () => allProcessesOf(uid).length === 0, 30_000)
    for (const path of [dir, `/var/tmp/nixpack-${uid}`, `/tmp/nixpack-${uid}`, `/dev/shm/nixpack-${uid}`]) rmSync(path, { recursive: true, force: true })
  }
}
