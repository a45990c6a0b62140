// A program may name another process as its main one (MAINPID): its end is then the end of the run. It is nobody's
// child here, so that only looking tells when it is gone.

import { readRunMembers } from './process-tree-run.ts'
import type { RunFacts } from './process-tree-run.ts'
import { isSame } from './process-tree.ts'
import type { ProcessMark } from './process-tree.ts'

export type MainProcess = {
  /** Undefined while it is the leader. */
  readonly mark: ProcessMark | undefined
  /** False when it does not belong to the run: then nothing changes. */
  name(pid: number, run: RunFacts): boolean
  /** Calls when it is gone, at once when it is gone already or is the leader. */
  awaitEnd(ended: () => void): void
  cancel(): void
}

export const createMainProcess = (): MainProcess => {
  let mark: ProcessMark | undefined
  let timer: NodeJS.Timeout | undefined
  const awaitEnd = (ended: () => void): void => {
    if (mark === undefined || !isSame(mark)) return ended()
    timer = setTimeout(awaitEnd, LOOK_MS, ended)
  }
  return {
    get mark() {
      return mark
    },
    name(pid, run) {
      if (pid === run.leaderPid) {
        mark = undefined
        return true
      }
      const found = readRunMembers({ ...run, snapshot: [] }).find((member) => member.pid === pid)
      if (found !== undefined) mark = found
      return found !== undefined
    },
    awaitEnd,
    cancel: () => clearTimeout(timer),
  }
}

const LOOK_MS = 100
