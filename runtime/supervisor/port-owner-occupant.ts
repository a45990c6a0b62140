// Before a start: whether somebody else already has the address at which the process is going to be asked.

import { connect } from 'node:net'
import type { ReadyCheck } from '../contract/process-spec.ts'
import { createHolds, findOwner, isHeldBySpawner, readTcpListeners, readUnixListeners } from './port-owner.ts'
import type { Listeners, SocketOwner } from './port-owner.ts'
import { isLocalhost, renderTarget } from './probe-connect.ts'
import type { Target } from './probe-connect.ts'
import { parseHttpTarget } from './probe-http.ts'
import { readStat, readText } from './process-tree.ts'

export type Occupant = {
  readonly address: string
  /** Undefined where it cannot be told whose the socket is. */
  readonly pid: number | undefined
  readonly program: string | undefined
}

/**
 * Who listens there now. Another instance of the same process may, and so may our spawner, for a declared socket. Addresses
 * of other hosts have no occupant here, whatever is there. Never rejects.
 */
export const findOccupant = async (check: ReadyCheck | undefined, processName: string): Promise<Occupant | undefined> => {
  const target = resolveTarget(check)
  // Usually nobody does, and that is quickly said; to go through the tables of all sockets takes milliseconds.
  if (target === undefined || !(await isTaken(target))) return undefined
  const listeners = readListeners(target)
  if (listeners.length === 0 || isHeldBySpawner(createHolds(listeners))) return undefined
  const owner = findOwner(listeners)
  return owner !== undefined && isInstance(owner, processName) ? undefined : { address: renderTarget(target), pid: owner?.pid, program: owner?.program }
}

const resolveTarget = (check: ReadyCheck | undefined): Target | undefined => {
  if (check?.kind === 'tcp') return { host: check.host, port: check.port }
  if (check?.kind === 'unix') return { path: check.socketPath }
  return check?.kind === 'http' && URL.canParse(check.url) ? parseHttpTarget(check.url) : undefined
}

const isTaken = async (target: Target): Promise<boolean> => {
  if ('path' in target) return canConnect(target)
  const answers = await Promise.all(hostsOf(target.host).map((host) => canConnect({ host, port: target.port })))
  return answers.includes(true)
}

/** Other names would have to be looked up, and are hardly of this host. */
const hostsOf = (host: string): readonly string[] => (isLocalhost(host) ? ['127.0.0.1', '::1'] : [host])

const canConnect = (target: Target): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(target)
    const answer = (isConnected: boolean): void => {
      socket.destroy()
      resolve(isConnected)
    }
    // Of a listener of this host the kernel would have told at once.
    socket.setTimeout(CONNECT_LIMIT_MS, () => answer(false))
    socket.on('connect', () => answer(true)).on('error', () => answer(false))
  })

const CONNECT_LIMIT_MS = 200

const readListeners = (target: Target): Listeners =>
  'path' in target ? readUnixListeners(target.path) : hostsOf(target.host).flatMap((host) => readTcpListeners(host, target.port))

const isInstance = ({ pid }: SocketOwner, processName: string): boolean =>
  `\0${readText(`/proc/${pid}/environ`)}`.includes(`\0NIXPACK_PROCESS=${processName}\0`) && isOurs(pid)

/** Another bundle may have a process of the same name. */
const isOurs = (pid: number): boolean => {
  let parent = readStat(pid)?.parentPid
  while (parent !== undefined && parent > 1 && parent !== process.pid) parent = readStat(parent)?.parentPid
  return parent === process.pid
}

export const renderOccupant = ({ address, pid, program }: Occupant): string => {
  if (pid === undefined) return `${address} is in use by a process that cannot be seen from here ("ss -ltnp" or "ss -lxp" as root names it)`
  return `${address} is in use by pid ${pid} (${program ?? 'unknown'})`
}
