// That this instance runs once, also where another user has taken the name of its lock.

import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { makeBundleDirectory } from '../config/run-directory.ts'
import { acquireInstanceLock, createInUse } from '../control/instance-lock.ts'
import type { InstanceLock } from '../control/instance-lock.ts'
import { createSpawner } from '../supervisor/spawner.ts'
import type { Spawner } from '../supervisor/spawner.ts'
import type { CommandContext } from './context.ts'
import { findRunPaths, resolveInstanceKey } from './target.ts'

/** Throws CONTROL_IN_USE. */
export const acquireInstance = (context: CommandContext): Promise<InstanceLock> =>
  acquireInstanceLock(resolveInstanceKey(context), async (address) => {
    const spawner = createSpawner({ shimPath: `${context.runtimeDir}/bin/shim`, environment: {} })
    try {
      return await spawner.peer(address)
    } finally {
      spawner.close()
    }
  })

/**
 * Before a run directory is touched. Whoever was started while the name was another user's is found by the control socket, and by
 * a lock file among those who are started like this; it lies where only we may write.
 */
export const assertAlone = async (context: CommandContext, lock: InstanceLock, spawner: Spawner): Promise<void> => {
  const key = resolveInstanceKey(context)
  const places = findRunPaths(context)
  for (const { controlSocketPath } of places) if (await isAnswered(controlSocketPath)) throw createInUse(key, undefined)
  const lockPathIn = (bundleDir: string): string => `${bundleDir}/.${key.instance}.lock`
  const left = places.map(({ instanceDir }) => lockPathIn(dirname(instanceDir))).filter((path) => existsSync(path))
  if (lock.isForeign) context.report.warn(renderTaken(lock.holder))
  // Who was started while the name was another user's may have no control socket yet.
  const lockPaths = lock.isForeign ? [lockPathIn(makeBundleDirectory(context, key))] : left
  for (const path of lockPaths) {
    const answer = await spawner.lock(path)
    if (!answer.held) throw createInUse(key, answer.pid)
  }
}

const renderTaken = (holder: InstanceLock['holder']): string => {
  const advice = 'it goes on with a lock file; to have the name back, stop the instance, end that process, and start again'
  if (holder === undefined) return `the name by which this instance is locked is taken, and nobody can tell by whom (see /proc/net/unix); ${advice}`
  const process = holder.pid === undefined ? '' : ` (pid ${holder.pid})`
  return `user ${holder.uid}${process} has taken the name by which this instance is locked; ${advice}`
}

/** Refused: what a run that was killed has left. */
const isAnswered = async (socketPath: string): Promise<boolean> => {
  if (!existsSync(socketPath)) return false
  return new Promise((resolve) => {
    const socket = connect(socketPath)
    socket.on('connect', () => resolve(true))
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'))
    socket.on('connect', () => socket.destroy())
  })
}
