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
  return [...readDescendants(run.leaderPid), ...readAdopted(run, 'quick', run.leaderPid)]
}

/** For when the leader has been waited for, and its number is perhaps somebody else's. */
export const readOrphans = (run: RunTrace, view: View): readonly ProcessMark[] => {
  if (!hasProc()) return []
  return readAdopted(run, view, readStat(run.leaderPid) === undefined ? run.leaderPid : undefined)
}

/** Lists of children are quick, but may leave one out while another one ends; a scan of all of /proc does not. */
type View = 'quick' | 'scan'

/**
 * Who is born while we look is adopted when its parent dies: looked at again until nobody new is there, so that nothing
 * found means that nothing was there in the end.
 */
const readAdopted = (run: RunTrace, view: View, sessionId: number | undefined): readonly ProcessMark[] => {
  const ancestors = readAncestors()
  const seen = new Set([process.pid, ...ancestors])
  const members: ProcessMark[] = []
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const { tree, rootPids } = view === 'scan' || isOutOfSight(ancestors) ? scanRoots(ancestors) : readRoots(ancestors)
    const news = rootPids.filter((pid) => !seen.has(pid))
    if (news.length === 0) break
    for (const pid of news) seen.add(pid)
    members.push(...news.flatMap((root) => collectMembers(tree, root, (stat) => isMember(stat, run, sessionId))))
  }
  return members
}

/** Somebody may start processes faster than they can be looked at. */
const ROUNDS_MAX = 20

/** /proc mounted with hidepid: who has adopted them is not shown, but they are. */
const isOutOfSight = (ancestors: readonly number[]): boolean => {
  const last = ancestors.at(-1)
  return last !== undefined && readStat(last) === undefined
}

type Roots = { readonly tree: ProcessTree; readonly rootPids: readonly number[] }

/** Orphans are adopted by the warden, our parent; without one by whoever else among our ancestors does that. */
const readRoots = (ancestors: readonly number[], tree = createProcessTree()): Roots => {
  const reapers = process.pid === 1 ? [1] : ancestors
  return { tree, rootPids: reapers.flatMap((pid) => tree.childPids(pid)) }
}

/** Also those whose parent ended during the scan. */
const scanRoots = (ancestors: readonly number[]): Roots => {
  const tree = scanTree()
  return { tree, rootPids: [...readRoots(ancestors, tree).rootPids, ...tree.rootPids] }
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
