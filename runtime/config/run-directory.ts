// The private directory of one run. Its base lies in places that others can write to, so that nothing is taken on
// trust: owner, mode and type are checked, symbolic links are refused. Whoever calls this holds the instance's lock.

import { lstatSync, mkdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { hasShortPaths, planRunDirectoryBases, relocateTmp, resolveRunPaths } from '../contract/directories.ts'
import type { RunDirectoryRequest, RunPaths } from '../contract/directories.ts'
import { NixpackError } from '../contract/errors.ts'

export type InstanceName = { readonly bundle: string; readonly instance: string }

export type RunDirectory = { readonly paths: RunPaths; readonly remove: () => void }

/** Takes the first usable base; what a killed run of this instance has left there is removed. */
export const createRunDirectory = (request: RunDirectoryRequest, name: InstanceName): RunDirectory => {
  const paths = chooseBase(request, name, makeDirectories)
  return { paths, remove: () => removeRun(paths) }
}

/** The directory around those of all instances, which stay as they are. */
export const makeBundleDirectory = (request: RunDirectoryRequest, name: InstanceName): string => dirname(chooseBase(request, name, makeParents).instanceDir)

/**
 * What is there as far down as the bundle's directory, to which only we can write: "ours" as if we had just made it, or why it may
 * be another user's.
 */
export const readRunOwner = (paths: RunPaths, uid: number): 'ours' | 'nobody' | Error => {
  try {
    visitParents(assertOwn)(dirname(dirname(paths.instanceDir)), paths, uid)
    return 'ours'
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 'nobody'
    return error instanceof Error ? error : new Error(String(error))
  }
}

type Make = (baseDir: string, paths: RunPaths, uid: number) => void

const chooseBase = (request: RunDirectoryRequest, { bundle, instance }: InstanceName, make: Make): RunPaths => {
  const refusals: string[] = []
  for (const baseDir of planRunDirectoryBases(request)) {
    const paths = relocateTmp(resolveRunPaths(baseDir, bundle, instance), request)
    const refusal = refusePath(baseDir, paths) ?? tryBase(() => make(baseDir, paths, request.uid))
    if (refusal === undefined) return paths
    refusals.push(`\n  - ${baseDir}: ${refusal}`)
  }
  throw new NixpackError('CONFIG_UNWRITABLE', `cannot make a private run directory:${refusals.join('')}`, {
    hint: 'set NIXPACK_RUN_DIR to a short absolute path in a directory that only you can write to',
  })
}

const refusePath = (baseDir: string, paths: RunPaths): string | undefined => {
  if (!/^\/[A-Za-z0-9._/+:@=~-]*$/.test(baseDir)) return 'expected an absolute path of letters, digits and ._/+:@=~-'
  return hasShortPaths(paths) ? undefined : 'too long for the Unix sockets in it'
}

const tryBase = (make: () => void): string | undefined => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      make()
      return undefined
    } catch (error) {
      // No other base would help.
      if (error instanceof NixpackError) throw error
      // Another instance may have removed the shared parent as it ended.
      if (attempt < 3 && hasCode(error, 'ENOENT')) continue
      return error instanceof Error ? error.message : String(error)
    }
  }
}

const makeParents: Make = (...place) => visitParents(makeOwn)(...place)

/** From the outside inwards: what is inside of another user's directory is not looked at. */
const visitParents =
  (visitOwn: (dir: string, ownership: Ownership) => void): Make =>
  (baseDir, { instanceDir }, uid) => {
    assertTrusted(dirname(dirname(baseDir)), uid)
    if (basename(dirname(baseDir)) === `nixpack-${uid}`) visitOwn(dirname(baseDir), { uid, forbiddenMode: SHARED_WRITE })
    assertTrusted(dirname(baseDir), uid)
    visitOwn(baseDir, { uid, forbiddenMode: SHARED_WRITE })
    visitOwn(dirname(instanceDir), { uid, forbiddenMode: SHARED })
  }

const makeDirectories: Make = (baseDir, paths, uid) => {
  const { instanceDir, filesDir, tmpDir, fifosDir } = paths
  makeParents(baseDir, paths, uid)
  rmSync(instanceDir, { recursive: true, force: true })
  if (isRelocated(paths)) makeRelocated(tmpDir, uid)
  for (const dir of [instanceDir, filesDir, tmpDir, fifosDir]) makeOwn(dir, { uid, forbiddenMode: SHARED })
}

/** The directory around it is ours, whoever is given the inner one. */
const makeRelocated = (tmpDir: string, uid: number): void => {
  const holder = dirname(tmpDir)
  try {
    if (!holder.startsWith('/')) throw new Error(`NIXPACK_TMP_DIR: expected an absolute path, got "${dirname(holder)}"`)
    assertTrusted(dirname(holder), uid)
    makeOwn(holder, { uid, forbiddenMode: SHARED })
    rmSync(tmpDir, { recursive: true, force: true })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new NixpackError('CONFIG_UNWRITABLE', `cannot make a private directory for temporary files: ${reason}`, {
      hint: 'set NIXPACK_TMP_DIR to a directory that only you can write to, or to one such as /tmp',
    })
  }
}

const isRelocated = ({ tmpDir, instanceDir }: RunPaths): boolean => !tmpDir.startsWith(`${instanceDir}/`)

const hasCode = (error: unknown, ...codes: readonly string[]): boolean => error instanceof Error && 'code' in error && codes.some((code) => code === error.code)

/** Passing through is no secret: processes of other users must reach what is theirs (grant-access.ts). */
const SHARED = 0o066
const SHARED_WRITE = 0o022
const STICKY = 0o1000

type Ownership = { readonly uid: number; readonly forbiddenMode: number }

const makeOwn = (dir: string, ownership: Ownership): void => {
  try {
    mkdirSync(dir, { mode: 0o700 })
  } catch (error) {
    if (!hasCode(error, 'EEXIST', 'EISDIR')) throw error
  }
  assertOwn(dir, ownership)
}

const assertOwn = (dir: string, { uid, forbiddenMode }: Ownership): void => {
  const stats = lstatSync(dir)
  if (!stats.isDirectory()) throw new Error(`"${dir}" is not a directory`)
  if (stats.uid !== uid) throw new Error(`"${dir}" belongs to user ${stats.uid}`)
  if ((stats.mode & forbiddenMode) !== 0) throw new Error(`"${dir}" is open to others (mode ${(stats.mode & 0o777).toString(8)})`)
}

/** Nobody but us and root may rename what is in there; through a symbolic link nobody can tell. */
const assertTrusted = (dir: string, uid: number): void => {
  const stats = lstatSync(dir)
  if (!stats.isDirectory()) throw new Error(`"${dir}" is not a directory`)
  if (stats.uid !== uid && stats.uid !== rootUid()) throw new Error(`"${dir}" belongs to user ${stats.uid}`)
  const isOpen = (stats.mode & SHARED_WRITE) !== 0 && (stats.mode & STICKY) === 0
  if (isOpen) throw new Error(`"${dir}" can be written to by others`)
}

/**
 * How root's files look from here: a user namespace in which root is not mapped (the engine userns makes one) shows
 * them as the overflow user's (user_namespaces(7), "Unmapped user and group IDs").
 */
const rootUid = (): number => {
  try {
    const rootIsMapped = /^\s*0\s/m.test(readFileSync('/proc/self/uid_map', 'utf8'))
    return rootIsMapped ? 0 : Number(readFileSync('/proc/sys/kernel/overflowuid', 'utf8'))
  } catch {
    // Without /proc nothing can be told: only real ids are trusted.
    return 0
  }
}

const removeRun = (paths: RunPaths): void => {
  const { instanceDir, tmpDir } = paths
  for (const dir of isRelocated(paths) ? [instanceDir, dirname(tmpDir)] : [instanceDir]) rmSync(dir, { recursive: true, force: true })
  try {
    rmdirSync(dirname(instanceDir))
  } catch {
    // ENOTEMPTY: other instances are running, or have left a lock file (claim-instance.ts). That stays: who removes it while
    // another waits for it makes two of it.
  }
}
