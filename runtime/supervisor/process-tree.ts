// Which processes come from which: by /proc/PID/task/TID/children where the kernel has it, else by the parents in
// all of /proc. Nothing here throws: a process that cannot be read has ended, or is none of our business.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { isLiving, parseStat } from './proc-stat.ts'
import type { ProcStat } from './proc-stat.ts'

/** Pids are given anew; together with the start time they are not. */
export type ProcessMark = { readonly pid: number; readonly startTicks: number }

/** One view of the tree; a scanned one is a snapshot, one by children files looks again at each question. */
export type ProcessTree = { readonly childPids: (pid: number) => readonly number[] }

/** False also for the /proc of another process namespace, which has other numbers for the same processes. */
export const hasProc = (): boolean => {
  try {
    return readlinkSync('/proc/self') === String(process.pid)
  } catch {
    // ENOENT: not mounted.
    return false
  }
}

/** Which numbers processes have here; undefined when /proc does not tell. */
export const readPidNamespace = (): string | undefined => {
  try {
    return hasProc() ? readlinkSync('/proc/self/ns/pid') : undefined
  } catch {
    // ENOENT: a kernel without them.
    return undefined
  }
}

export const readStat = (pid: number): ProcStat | undefined => parseStat(readText(`/proc/${pid}/stat`))

/** Empty for what cannot be read. Names and arguments are bytes: latin1 loses none of them. */
export const readText = (path: string): string => {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    // ENOENT, ESRCH: it ended while we looked. EACCES: another user's.
    return ''
  }
}

export const readEntries = (dir: string): readonly string[] => {
  try {
    return readdirSync(dir)
  } catch {
    // As above.
    return []
  }
}

export const createProcessTree = (): ProcessTree => (hasChildrenFiles() ? { childPids: readChildPids } : scanTree())

/** CONFIG_PROC_CHILDREN; ours always has a first thread. */
const hasChildrenFiles = (): boolean => readEntries(`/proc/${process.pid}/task/${process.pid}`).includes('children')

/** A child belongs to the thread that made it. */
const readChildPids = (pid: number): readonly number[] =>
  readEntries(`/proc/${pid}/task`).flatMap((thread) =>
    readText(`/proc/${pid}/task/${thread}/children`)
      .split(' ')
      .flatMap((text) => (text === '' ? [] : [Number(text)])),
  )

export type ScannedTree = ProcessTree & {
  /** Whose parents cannot be seen. */
  readonly rootPids: readonly number[]
}

export const scanTree = (): ScannedTree => {
  const stats = readAllStats()
  const seen = new Set(stats.map(({ pid }) => pid))
  const children = Map.groupBy(stats, ({ parentPid }) => parentPid)
  return {
    childPids: (pid) => children.get(pid)?.map((stat) => stat.pid) ?? [],
    rootPids: stats.flatMap(({ pid, parentPid }) => (seen.has(parentPid) ? [] : [pid])),
  }
}

const readAllStats = (): readonly ProcStat[] => readAllPids().flatMap((pid) => readStat(pid) ?? [])

export const readAllPids = (): readonly number[] => readEntries('/proc').flatMap((entry) => (/^\d+$/.test(entry) ? [Number(entry)] : []))

export const readChildren = (pid: number): readonly ProcessMark[] => createProcessTree().childPids(pid).flatMap(markLiving)

/** Parents before their children. */
export const readDescendants = (pid: number): readonly ProcessMark[] => walkTree(createProcessTree(), [pid]).slice(1).flatMap(markLiving)

/**
 * Of a child of our spawner. What we know of its end is late, by as long as we were stopped: meanwhile its number may have been
 * given to a stranger, whose descendants are none of our business.
 */
export const readSpawnedDescendants = (pid: number): readonly ProcessMark[] => (isSpawned(pid) ? readDescendants(pid) : [])

/** The spawner is a child of ours, and no subreaper. */
export const isSpawned = (pid: number): boolean => {
  const stat = readStat(pid)
  return stat !== undefined && readStat(stat.parentPid)?.parentPid === process.pid
}

/** The roots and everything below them. A pid is visited once: numbers may be given anew while we read. */
export const walkTree = (tree: ProcessTree, roots: readonly number[]): readonly number[] => {
  const seen = new Set(roots)
  for (const pid of seen) for (const child of tree.childPids(pid)) seen.add(child)
  return [...seen]
}

const markLiving = (pid: number): readonly ProcessMark[] => {
  const stat = readStat(pid)
  return stat !== undefined && isLiving(stat) ? [stat] : []
}

/** Whether the pid still means the same process, and it lives. */
export const isSame = ({ pid, startTicks }: ProcessMark): boolean => {
  const stat = readStat(pid)
  return stat !== undefined && stat.startTicks === startTicks && isLiving(stat)
}

/** From the parent up to the warden, below which orphans are collected, or up to the end of what can be seen. */
export const readAncestors = (): readonly number[] => {
  const ancestors: number[] = []
  for (let pid = process.ppid; pid > 0 && !ancestors.includes(pid);) {
    ancestors.push(pid)
    const stat = readStat(pid)
    pid = stat === undefined || stat.name === WARDEN_NAME ? 0 : stat.parentPid
  }
  return ancestors
}

/** The name that the launcher gives to it. */
const WARDEN_NAME = 'nixpack-warden'
