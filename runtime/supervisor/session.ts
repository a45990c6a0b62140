// Ends what a run leaves behind: its group, its session, and what has left both.

import type { RunFacts, RunTrace } from './process-tree-run.ts'
import { readOrphans } from './process-tree-run.ts'
import { hasProc, isSame } from './process-tree.ts'
import type { ProcessMark } from './process-tree.ts'

/** How many got it. Each is looked at again first, since its number may have a new owner. */
export const signalProcesses = (marks: readonly ProcessMark[], signal: NodeJS.Signals): number =>
  marks.filter((mark) => isSame(mark) && sendSignal(mark.pid, signal)).length

const sendSignal = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    return process.kill(pid, signal)
  } catch {
    // ESRCH: gone already. EPERM: it has become another user's (setuid), and only root could do more.
    return false
  }
}

export type CleanerRequest = {
  readonly run: RunFacts
  /** The leader's descendants as they were before it was told to stop; empty after a crash. */
  readonly snapshot: readonly ProcessMark[]
  readonly signal: NodeJS.Signals
  readonly isKill: boolean
}

export type Cleaner = {
  /** From now on SIGKILL. */
  kill(): void
  cancel(): void
}

/**
 * For a run whose leader is gone: the stop signal once for each of what is left, then waiting, SIGKILL after kill(),
 * until nothing more is found. `done` is called with the number of processes that would not go even so
 * (uninterruptible, or not ours); at once when nothing is left.
 */
export const createCleaner = (request: CleanerRequest, done: (remaining: number) => void): Cleaner => {
  const { leaderPid } = request.run
  const trace = { ...request.run, snapshot: request.snapshot }
  const told = new Set<string>()
  let isKill = request.isKill
  let passes = 0
  let passesSinceKill = 0
  let delayMs = 2
  let timer: NodeJS.Timeout | undefined

  const tell = (remains: readonly Remains[]): void => {
    const news = remains.filter((one) => !told.has(keyOf(one)))
    for (const one of news) {
      told.add(keyOf(one))
      // A stopped process would take the signal only after it is continued.
      if (signalRemains(one, leaderPid, request.signal)) signalRemains(one, leaderPid, 'SIGCONT')
    }
  }
  const pass = (): void => {
    timer = undefined
    const remains = readRemains(trace, passes > 0)
    passes += 1
    if (isKill) passesSinceKill += 1
    if (remains.length === 0 || passesSinceKill > KILL_PASSES) return done(remains.length)
    if (isKill) for (const one of remains) signalRemains(one, leaderPid, 'SIGKILL')
    else tell(remains)
    timer = setTimeout(pass, delayMs)
    delayMs = Math.min(delayMs * 2, DELAY_MAX_MS)
  }
  pass()
  return {
    kill() {
      if (isKill || timer === undefined) return
      isKill = true
      clearTimeout(timer)
      pass()
    },
    cancel() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}

/** Without /proc there is only the group, whose number stays taken while it has a member. */
type Remains = ProcessMark | 'group'

const readRemains = (trace: RunTrace, hadRemains: boolean): readonly Remains[] => {
  const found = readOrphans(trace, 'quick')
  if (found.length > 0) return found
  const isGroupLeft = isGroupAlive(trace.leaderPid)
  if (!hasProc()) return isGroupLeft ? ['group'] : []
  // Usually nobody is left at all; else it is worth a closer look.
  return isGroupLeft || hadRemains ? readOrphans(trace, 'scan') : []
}

const keyOf = (one: Remains): string => (one === 'group' ? one : `${one.pid}.${one.startTicks}`)

const signalRemains = (one: Remains, leaderPid: number, signal: NodeJS.Signals): boolean =>
  one === 'group' ? sendSignal(-leaderPid, signal) : signalProcesses([one], signal) > 0

const isGroupAlive = (groupId: number): boolean => {
  try {
    return process.kill(-groupId, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

const DELAY_MAX_MS = 50
/** About two seconds. */
const KILL_PASSES = 45
