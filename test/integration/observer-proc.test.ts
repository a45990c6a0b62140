// The same cleaning where /proc shows less, or nothing. Needs root for mounts of its own.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const PROGRAM = join(import.meta.dirname, '../programs/cleans-run.ts')
const NODE = `'${process.execPath}' '${PROGRAM}'`

const runScript = async (script: string): Promise<unknown> => {
  const { stdout } = await promisify(execFile)('unshare', ['--mount', '--propagation', 'private', 'sh', '-ec', script], { timeout: 30_000 })
  return JSON.parse(stdout)
}

const isRoot = process.getuid?.() === 0
const canMount = isRoot && (await runScript('mount -t tmpfs none /mnt; echo true').catch(() => false)) === true
if (!canMount) process.stderr.write('observer-proc: skipped, since nothing can be mounted here\n')

test.runIf(canMount)('as it usually is, everything is found', async () => {
  expect(await runScript(NODE)).toEqual({ remaining: 0, member: false, stray: false })
})

test.runIf(canMount)('without /proc the group is all that can be found', async () => {
  expect(await runScript(`mount -t tmpfs none /proc; ${NODE}`)).toEqual({ remaining: 0, member: false, stray: true })
})

test.runIf(canMount)('in the /proc of other processes nobody is looked for, and no stranger is hit', async () => {
  const script = `unshare --pid --fork --mount-proc='/mnt' true; mount -t tmpfs none /mnt; mkdir /mnt/proc; unshare --pid --fork mount -t proc none /mnt/proc; mount --bind /mnt/proc /proc; ${NODE}`
  expect(await runScript(script)).toEqual({ remaining: 0, member: false, stray: true })
})

test.runIf(canMount)('with hidepid, for a user who does not see his ancestors, everything is found', async () => {
  // The clone may be where that user does not get to.
  const root = join(import.meta.dirname, '../..')
  const binds = `mount --bind '${root}' /mnt/clone; mount --bind '${dirname(process.execPath)}' /mnt/node`
  const visible = `mount -t tmpfs -o mode=755 none /mnt; mkdir /mnt/clone /mnt/node; ${binds}`
  const program = `/mnt/node/node /mnt/clone/${relative(root, PROGRAM)}`
  const script = `${visible}; mount -t proc -o hidepid=invisible proc /proc; setpriv --reuid 65534 --regid 65534 --clear-groups ${program}`
  expect(await runScript(script)).toEqual({ remaining: 0, member: false, stray: false })
})

test('this kernel has lists of children; the scan is compared with them elsewhere', () => {
  expect(readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')).toMatch(/^(?:\d+ )*$/)
})
