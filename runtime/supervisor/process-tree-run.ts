// Everything that belongs to one run of a process, wherever it went: below the leader by parent chain; among the
// orphans, which the warden adopts, by session, by a snapshot taken while the chains were whole, or by the run's
// INVOCATION_ID, which children inherit.

import { isLiving } from './proc-stat.ts'
import type { ProcStat } from './proc-stat.ts'
import { createProcessTree, hasProc, readAncestors, readDescendants, readStat, readText, scanTree, walkTree } from './process-tree.ts'
import type { ProcessMark, ProcessTree } from './process-tree.ts'

export type RunFacts = {
  /** Also the number of its session and group, which stays taken while either has a member. */
  readonly leaderPid: number
  readonly invocationId: string
}

export type RunTrace = RunFacts & { readonly snapshot: readonly ProcessMark[] }

/** Without the leader, which has not been waited for; nothing at all without /proc. */
export const readRunMembers = (run: RunTrace): readonly ProcessMark[] => {
  if (!hasProc()) return []
  return [...readDescendants(run.leaderPid), ...readAdopted(run, createProcessTree(), run.leaderPid)]
}

/** For when the leader has been waited for, and its number is perhaps somebody else's. */
export const readOrphans = (run: RunTrace, view: 'quick' | 'scan'): readonly ProcessMark[] => {
  if (!hasProc()) return []
  const sessionId = readStat(run.leaderPid) === undefined ? run.leaderPid : undefined
  return readAdopted(run, view === 'quick' ? createProcessTree() : scanTree(), sessionId)
}

const readAdopted = (run: RunTrace, preferred: ProcessTree, sessionId: number | undefined): readonly ProcessMark[] => {
  const ancestors = readAncestors()
  const own = new Set([process.pid, ...ancestors])
  const { tree, rootPids } = isOutOfSight(ancestors) ? findHiddenRoots() : findRoots(preferred, ancestors)
  return rootPids.filter((pid) => !own.has(pid)).flatMap((root) => collectMembers(tree, root, (stat) => isMember(stat, run, sessionId)))
}

type Roots = { readonly tree: ProcessTree; readonly rootPids: readonly number[] }

/** Orphans are adopted by the warden, our parent; without one by whoever else among our ancestors does that. */
const findRoots = (tree: ProcessTree, ancestors: readonly number[]): Roots => {
  const reapers = process.pid === 1 ? [1] : ancestors
  return { tree, rootPids: reapers.flatMap((pid) => tree.childPids(pid)) }
}

/** /proc mounted with hidepid: who has adopted them is not shown, but they are. */
const isOutOfSight = (ancestors: readonly number[]): boolean => {
  const last = ancestors.at(-1)
  return last !== undefined && readStat(last) === undefined
}

const findHiddenRoots = (): Roots => {
  const tree = scanTree()
  return { tree, rootPids: tree.rootPids }
}

/** What descends from a member is a member, too. */
const collectMembers = (tree: ProcessTree, root: number, isOurs: (stat: ProcStat) => boolean): readonly ProcessMark[] => {
  const members = new Map<number, ProcStat>()
  for (const pid of walkTree(tree, [root])) {
    const stat = readStat(pid)
    if (stat !== undefined && (members.has(stat.parentPid) || isOurs(stat))) members.set(pid, stat)
  }
  return [...members.values()].filter(isLiving)
}

const isMember = ({ pid, session, startTicks }: ProcStat, { invocationId, snapshot }: RunTrace, sessionId: number | undefined): boolean =>
  session === sessionId ||
  snapshot.some((mark) => mark.pid === pid && mark.startTicks === startTicks) ||
  `\0${readText(`/proc/${pid}/environ`)}`.includes(`\0INVOCATION_ID=${invocationId}\0`)
