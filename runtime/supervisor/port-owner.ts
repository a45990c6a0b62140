// Who listens at an address of this host, and whether that is the run that is asked about. What cannot be told, for want
// of /proc or of permission, is said to be so and never guessed.

import { closeSync, openSync, readlinkSync, readSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { hasOtherSockets, isAnyAddress, isLoopbackAddress, parseAddress, parseListeners, parseUnixListeners, selectListeners } from './proc-net.ts'
import type { Listener } from './proc-net.ts'
import { readRunMembers } from './process-tree-run.ts'
import type { RunFacts } from './process-tree-run.ts'
import { hasProc, isSame, readAllPids, readAncestors, readChildren, readEntries, readStat, readText } from './process-tree.ts'
import type { ProcessMark } from './process-tree.ts'

/** The inodes of listening sockets, as texts. */
export type Listeners = readonly string[]

/** Of whoever gets a connection to that address; none when the address is not of this host or name space. */
export const readTcpListeners = (host: string, port: number): Listeners => findListeners(host, (name) => parseListeners(readTcpTable(`tcp${name}`), port))

/** Of whoever gets a datagram that comes from anywhere. */
export const readUdpListeners = (host: string, port: number): Listeners =>
  findListeners(host, (name) => parseListeners(readText(`/proc/net/udp${name}`), port, 'udp'))

const findListeners = (host: string, read: (version: '' | '6') => readonly Listener[]): Listeners => {
  const address = parseAddress(host)
  if (address === undefined || !isLocalAddress(address)) return []
  for (const version of ['', '6'] as const) {
    const all = read(version)
    const found = isAnyAddress(address) ? all : selectListeners(all, address)
    if (found.length > 0) return found.map(({ inode }) => inode)
  }
  return []
}

/** The kernel goes through hundreds of thousands of hash buckets for each table, and again to say that there is no more. */
const readTcpTable = (name: string): string => {
  const fd = openTable(`/proc/net/${name}`)
  if (fd === undefined) return ''
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  let text = ''
  for (let length = CHUNK_BYTES; length > LAST_CHUNK_BYTES && !hasOtherSockets(text);) {
    length = readSync(fd, buffer)
    text += buffer.toString('latin1', 0, length)
  }
  closeSync(fd)
  return text
}

const openTable = (path: string): number | undefined => {
  try {
    return openSync(path, 'r')
  } catch {
    // ENOENT: no /proc, or no such protocol.
    return undefined
  }
}

const CHUNK_BYTES = 65_536
/** The kernel fills pages of at least 4 KiB with whole rows of less than 256 bytes: a shorter answer is the last one. */
const LAST_CHUNK_BYTES = 3840

export const readUnixListeners = (path: string): Listeners => parseUnixListeners(Buffer.from(readText('/proc/net/unix'), 'latin1').toString(), path)

const isLocalAddress = (address: string): boolean =>
  isAnyAddress(address) ||
  isLoopbackAddress(address) ||
  Object.values(networkInterfaces()).some((entries) => entries?.some((entry) => parseAddress(entry.address) === address) === true)

export type SocketOwner = ProcessMark & { readonly program: string }
export type Ownership = { readonly kind: 'ours' | 'unknown' } | { readonly kind: 'foreign'; readonly owner: SocketOwner }

/** Asks the same again and again while a run starts: who is a stranger is looked up once for the same sockets. */
export const createOwnerCheck = (run: RunFacts): ((listeners: Listeners) => Ownership) => {
  let known: { readonly key: string; readonly owner: SocketOwner } | undefined
  return (listeners) => {
    if (listeners.length === 0 || !hasProc()) return { kind: 'unknown' }
    const key = listeners.join()
    if (known?.key === key && isSame(known.owner)) return { kind: 'foreign', owner: known.owner }
    if (isHeldByRun(createHolds(listeners), run)) return { kind: 'ours' }
    const owner = findStranger(listeners)
    known = owner && { key, owner }
    return owner === undefined ? { kind: 'unknown' } : { kind: 'foreign', owner }
  }
}

const isHeldByRun = (holds: (pid: number) => boolean, run: RunFacts): boolean =>
  holds(run.leaderPid) || readRunMembers({ ...run, snapshot: [] }).some(({ pid }) => holds(pid)) || isHeldBySpawner(holds)

export const createHolds = (listeners: Listeners): ((pid: number) => boolean) => {
  const links = new Set(listeners.map((inode) => `socket:[${inode}]`))
  return (pid) => readEntries(`/proc/${pid}/fd`).some((fd) => links.has(readLink(`/proc/${pid}/fd/${fd}`)))
}

const readLink = (path: string): string => {
  try {
    return readlinkSync(path)
  } catch {
    // ENOENT: closed meanwhile. EACCES: another user's.
    return ''
  }
}

/** A declared socket is held by the spawner for those that inherit it. */
export const isHeldBySpawner = (holds: (pid: number) => boolean): boolean =>
  readChildren(process.pid).some(({ pid }) => readStat(pid)?.name === SPAWNER_NAME && holds(pid))

/** The name that the spawner gives to itself. */
const SPAWNER_NAME = 'nixpack-spawner'

/** An orphan below our warden that does not tell whose it was: it may be of this run. */
const isStray = (pid: number): boolean => {
  if (readInvocation(pid) !== undefined) return false
  const warden = readAncestors().at(-1)
  for (let parent = readStat(pid)?.parentPid; parent !== undefined && parent > 1 && parent !== process.pid; parent = readStat(parent)?.parentPid) {
    if (parent === warden) return true
  }
  return false
}

const readInvocation = (pid: number): string | undefined => /\0INVOCATION_ID=([^\0]*)/.exec(`\0${readText(`/proc/${pid}/environ`)}`)?.[1]

const findStranger = (listeners: Listeners): SocketOwner | undefined => {
  const owner = findOwner(listeners)
  return owner === undefined || isStray(owner.pid) ? undefined : owner
}

export const findOwner = (listeners: Listeners): SocketOwner | undefined => {
  const pid = readAllPids().find(createHolds(listeners))
  return pid === undefined ? undefined : describeOwner(pid)
}

const describeOwner = (pid: number): SocketOwner | undefined => {
  const stat = readStat(pid)
  // Every process names itself, also with what a terminal would obey.
  return stat && { pid, startTicks: stat.startTicks, program: stat.name.replaceAll(/[^ -~]/g, '?') }
}
