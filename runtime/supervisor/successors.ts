// Whoever would be started again at once, if it ended now, has a successor, which the spawner starts without asking. That is settled
// while nothing happens, and undone by everything that does: what was foreseen holds only as long as nothing changes.

import { TIMER_MAX_MS } from '../contract/quantity.ts'
import type { Fleet } from './fleet.ts'
import type { Runner } from './runner.ts'
import type { Spawner } from './spawner.ts'

export type Successors = {
  /** After each thing that has happened. */
  readonly review: () => void
  readonly close: () => void
}

export type SuccessorsOptions = {
  readonly fleet: Fleet
  readonly spawner: Pick<Spawner, 'unfollow'>
  /** Nothing is in progress that would change what comes. */
  readonly isQuiet: () => boolean
}

export const createSuccessors = ({ fleet, spawner, isQuiet }: SuccessorsOptions): Successors => {
  let named: readonly Runner[] = []
  let isTakingBack = false
  let isClosed = false
  let timer: NodeJS.Timeout | undefined
  const nameAfter = (afterMs: number): void => {
    clearTimeout(timer)
    if (!isClosed) timer = setTimeout(name, Math.min(afterMs, TIMER_MAX_MS)).unref()
  }
  const name = (): void => {
    if (isTakingBack || !isQuiet()) return
    let nextMs = Infinity
    for (const runner of selectRunners(fleet)) {
      if (named.length === NAMED_MAX) return
      const answer = runner.nameSuccessor()
      if (answer === true) named = [...named, runner]
      else if (answer !== false) nextMs = Math.min(nextMs, answer.afterMs)
    }
    if (nextMs !== Infinity) nameAfter(nextMs)
  }
  /** Until the spawner has said so, one of them may be started still. */
  const takeBack = async (): Promise<void> => {
    isTakingBack = true
    await spawner.unfollow()
    isTakingBack = false
    for (const runner of named) runner.forgetSuccessor()
    named = []
    nameAfter(QUIET_MS)
  }
  return {
    review() {
      nameAfter(QUIET_MS)
      if (named.length > 0 && !isTakingBack) void takeBack()
    },
    close() {
      isClosed = true
      clearTimeout(timer)
    },
  }
}

/** Long enough that a storm of ends and commands costs nothing more, shorter than the first rest of a supervisor. */
const QUIET_MS = 1000
/** Each is a request that the spawner keeps. */
const NAMED_MAX = 100

/** Who depends on others often ends because of them, and has to wait for them then. */
const selectRunners = ({ pools }: Fleet): readonly Runner[] =>
  pools
    .filter(({ spec, isStopping }) => !isStopping && spec.warmupDelayMs === 0 && Object.keys(spec.dependsOn).length === 0)
    .flatMap(({ instances }) => instances.flatMap(({ runner, role }) => (role === 'member' ? [runner] : [])))
