// Before a start: whether somebody else already has the address at which the process is going to be asked.

import type { ReadyCheck } from '../contract/process-spec.ts'
import { createHolds, findOwner, isHeldBySpawner, readTcpListeners, readUnixListeners } from './port-owner.ts'
import type { Listeners } from './port-owner.ts'
import { renderTarget } from './probe-connect.ts'
import type { Target } from './probe-connect.ts'
import { parseHttpTarget } from './probe-http.ts'
import { readDescendants } from './process-tree.ts'

export type Occupant = {
  readonly address: string
  /** Undefined where it cannot be told whose the socket is. */
  readonly pid: number | undefined
  readonly program: string | undefined
}

export type Friends = {
  /** Other instances of the same process, which may share the address with it. */
  readonly leaderPids: readonly number[]
}

/** Who listens there now. A declared socket, which our spawner holds, has no occupant. Names other than localhost are not looked up. */
export const findOccupant = (check: ReadyCheck | undefined, friends: Friends): Occupant | undefined => {
  const target = resolveTarget(check)
  const listeners = target === undefined ? [] : readListeners(target)
  if (target === undefined || listeners.length === 0 || isFriendly(listeners, friends)) return undefined
  const owner = findOwner(listeners)
  return { address: renderTarget(target), pid: owner?.pid, program: owner?.program }
}

const resolveTarget = (check: ReadyCheck | undefined): Target | undefined => {
  if (check?.kind === 'tcp') return check
  if (check?.kind === 'unix') return { path: check.socketPath }
  return check?.kind === 'http' && URL.canParse(check.url) ? parseHttpTarget(check.url) : undefined
}

const readListeners = (target: Target): Listeners => {
  if ('path' in target) return readUnixListeners(target.path)
  const hosts = /^(?:.*\.)?localhost$/i.test(target.host) ? ['127.0.0.1', '::1'] : [target.host]
  return hosts.flatMap((host) => readTcpListeners(host, target.port))
}

const isFriendly = (listeners: Listeners, { leaderPids }: Friends): boolean => {
  const holds = createHolds(listeners)
  return isHeldBySpawner(holds) || leaderPids.some((pid) => holds(pid) || readDescendants(pid).some((child) => holds(child.pid)))
}

export const renderOccupant = ({ address, pid, program }: Occupant): string => {
  if (pid === undefined) return `${address} is in use by a process that only root can name`
  return `${address} is in use by pid ${pid} (${program ?? 'unknown'})`
}
