// A signal by command: to the process, to its children, or to the whole tree below it.

import type { SignalOptions } from '../contract/control-supervisor.ts'
import type { Instance } from './pool.ts'
import { readChildren, readDescendants } from './process-tree.ts'
import type { ProcessMark } from './process-tree.ts'
import { signalProcesses } from './session.ts'

/** The pids it was sent to. */
export const signalInstance = (
  { runner }: Instance,
  signal: NodeJS.Signals,
  { children = false, recursive = false, pid }: SignalOptions,
): readonly number[] => {
  const leaderPid = runner.record.pid
  if (leaderPid === undefined) return []
  const below = recursive ? readDescendants(leaderPid) : children || pid !== undefined ? readChildren(leaderPid) : []
  const isLeaderMeant = !children && (pid === undefined || pid === leaderPid)
  const meant = pid === undefined || pid === leaderPid ? (children || recursive ? below : []) : below.filter((mark) => mark.pid === pid)
  // Hooks of the process have a say about the process itself.
  if (isLeaderMeant) runner.run?.sendSignal(signal, false)
  return [...(isLeaderMeant ? [leaderPid] : []), ...signalMarks(meant, signal)]
}

const signalMarks = (marks: readonly ProcessMark[], signal: NodeJS.Signals): readonly number[] =>
  marks.filter((mark) => signalProcesses([mark], signal) > 0).map(({ pid }) => pid)
