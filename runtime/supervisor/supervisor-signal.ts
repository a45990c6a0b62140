// A signal by command: to the process, to its children, or to the whole tree below it.

import type { SignalOptions } from '../contract/control-supervisor.ts'
import type { Instance } from './pool.ts'
import { readChildren, readDescendants } from './process-tree.ts'
import type { ProcessMark } from './process-tree.ts'
import { signalProcesses } from './session.ts'

/** The pids it was sent to. */
export const signalInstance = ({ runner }: Instance, signal: NodeJS.Signals, options: SignalOptions): readonly number[] => {
  const { pid: leaderPid } = runner.record
  if (leaderPid === undefined) return []
  const isLeaderMeant = options.children !== true && (options.pid === undefined || options.pid === leaderPid)
  const told = selectBelow(leaderPid, options).filter((mark) => signalProcesses([mark], signal) > 0)
  // Hooks of the process have a say about the process itself.
  if (isLeaderMeant) runner.run?.sendSignal(signal, false)
  return [...(isLeaderMeant ? [leaderPid] : []), ...told.map(({ pid }) => pid)]
}

const selectBelow = (leaderPid: number, { children = false, recursive = false, pid }: SignalOptions): readonly ProcessMark[] => {
  if (pid !== undefined && pid !== leaderPid) return readDescendants(leaderPid).filter((mark) => mark.pid === pid)
  if (recursive) return readDescendants(leaderPid)
  return children ? readChildren(leaderPid) : []
}
