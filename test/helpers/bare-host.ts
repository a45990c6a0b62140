// A host on which nothing can be found by accident: no /usr, no /bin, no C library, no /nix. A root file system of a few
// directories, entered by pivot_root in namespaces for mounts and process ids of its own.
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { followChild } from './bundle-process.ts'
import type { BundleRun } from './bundle-process.ts'

const ENTER_SOURCE = join(import.meta.dirname, '..', 'hosts', 'enter.c')

export type BareStart = {
  readonly file: string
  readonly uid: number
  /** Seen inside under the same name, like the directories of the host. */
  readonly cwd: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

export type BareHost = {
  readonly start: (start: BareStart) => BundleRun
  readonly remove: () => void
}

/** `visible`: directories of this machine that are there, read and written at their own names. */
export const createBareHost = (visible: readonly string[]): BareHost => {
  const root = mkdtempSync(join(tmpdir(), 'np-bare-'))
  chmodSync(root, 0o755)
  const enter = `${root}-enter`
  execFileSync('gcc', ['-static', '-O1', '-D_GNU_SOURCE', '-o', enter, ENTER_SOURCE])
  for (const dir of ['etc', 'proc', 'dev', 'tmp', ...visible]) mkdirSync(join(root, dir), { recursive: true })
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/none\n')
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\n')
  const binds = visible.flatMap((dir) => ['bind', dir, join(root, dir)])
  const steps = ['namespaces', 'fork', 'bind', root, root, ...binds, 'pivot', root, ...SYSTEM_MOUNTS]
  return {
    start: ({ file, uid, cwd, args, env }) => {
      const user = uid === 0 ? [] : ['user', `${uid}`, `${uid}`]
      const child = spawn(enter, [...steps, 'chdir', cwd, ...user, 'exec', file, file, ...args], { stdio: 'pipe', env, cwd: '/' })
      child.stdin.end()
      return followChild(child)
    },
    remove: () => {
      for (const path of [root, enter]) rmSync(path, { recursive: true, force: true })
    },
  }
}

/** Steps of enter.c: what the init system or the container engine of a host mounts. */
export const SYSTEM_MOUNTS: readonly string[] = [
  ['mount', 'proc', '/proc', ''],
  ['mount', 'tmpfs', '/dev', 'mode=0755'],
  ['devices', '/dev'],
  ['mkdir', '/dev/shm', '1777'],
  ['mount', 'tmpfs', '/dev/shm', 'mode=1777'],
].flat()
