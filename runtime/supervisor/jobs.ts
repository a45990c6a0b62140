// Commands in progress. Each process follows the latest command that names it; a command waits only for its own
// processes, so that one that hangs delays nobody else.

import type { StopOptions } from '../contract/control-supervisor.ts'
import type { Fleet, Selection } from './fleet.ts'
import { resolveDependencies, resolveStoppable } from './graph.ts'
import { isFailingOn } from './pool-plan.ts'
import type { Pool } from './pool.ts'
import type { Runner } from './runner.ts'

/** `follow`: down because of what it depends on, and up again when that is back; nobody waits for it. */
export type Verb = 'start' | 'stop' | 'restart' | 'follow'

export type JobRequest = {
  readonly verbs: ReadonlyMap<string, Verb>
  readonly selection: Selection
  readonly how?: StopOptions
}

export type Jobs = {
  /** Begins at once; resolves with the names of those that another command has taken over. */
  begin(request: JobRequest): Promise<readonly string[]>
  advance(): void
  /** None is in progress. */
  readonly isIdle: boolean
  /** Nobody waits any more. */
  cancelAll(): void
}

type Part = { readonly verb: Verb; readonly indexes: readonly number[] | undefined; readonly phase: 'down' | 'up' }
type Job = {
  readonly parts: Map<string, Part>
  readonly how: StopOptions
  readonly overridden: string[]
  readonly resolve: (overridden: readonly string[]) => void
}

export type JobsOptions = {
  readonly fleet: Fleet
  readonly together: (deed: () => void) => void
  /** Whatever else was going on with that process is over. */
  readonly taken: (name: string) => void
}

export const createJobs = ({ fleet, together, taken }: JobsOptions): Jobs => {
  let jobs: readonly Job[] = []
  const takeOver = (name: string): void => {
    taken(name)
    for (const { parts, overridden } of jobs) if (parts.delete(name)) overridden.push(name)
  }
  return {
    begin({ verbs, selection, how = {} }) {
      const { promise, resolve } = Promise.withResolvers<readonly string[]>()
      const job: Job = { parts: new Map(), how, overridden: [], resolve }
      together(() => {
        for (const [name, verb] of verbs) {
          takeOver(name)
          const indexes = selection.get(name)
          job.parts.set(name, { verb, indexes, phase: verb === 'start' ? 'up' : 'down' })
          if (verb === 'start') fleet.find(name)?.start(indexes)
          else if (indexes !== undefined) fleet.find(name)?.stop({ ...how, indexes })
        }
        jobs = [...jobs, job]
      })
      return promise
    },
    advance() {
      // What one part comes to may be what another one waits for.
      while (jobs.some((job) => advanceJob(fleet, job)));
      const over = jobs.filter(({ parts }) => parts.size === 0)
      if (over.length === 0) return
      jobs = jobs.filter((job) => !over.includes(job))
      for (const { resolve, overridden } of over) resolve(overridden)
    },
    get isIdle() {
      return jobs.length === 0
    },
    cancelAll() {
      for (const { resolve, overridden, parts } of jobs) resolve([...overridden, ...parts.keys()])
      jobs = []
    },
  }
}

/** True when it has got any further. */
const advanceJob = (fleet: Fleet, job: Job): boolean => {
  const { parts, how } = job
  const leaving = [...parts].filter(([, { phase, indexes }]) => phase === 'down' && indexes === undefined).map(([name]) => name)
  stopInOrder(fleet, leaving, how)
  const moves = [...parts].map(([name, part]) => advancePart(fleet, parts, { name, part }))
  return moves.includes(true)
}

const advancePart = (fleet: Fleet, parts: Job['parts'], { name, part }: { readonly name: string; readonly part: Part }): boolean => {
  const pool = fleet.find(name)
  if (pool === undefined) return parts.delete(name)
  if (part.phase === 'up') return hasArrived(pool, part) && parts.delete(name)
  if (!isDown(pool, part)) return false
  if (part.verb === 'stop') return parts.delete(name)
  // What is to come up again does so when nothing that it needs is still on its way down.
  if (resolveDependencies(fleet.specs, [name]).some((needed) => parts.get(needed)?.phase === 'down')) return false
  pool.start(part.indexes)
  if (part.verb === 'follow') return parts.delete(name)
  parts.set(name, { ...part, phase: 'up' })
  return true
}

export const stopInOrder = (fleet: Fleet, leaving: readonly string[], how: StopOptions = {}): void => {
  const stoppable = resolveStoppable({
    nodes: fleet.specs,
    leaving,
    isIdle: (name) => fleet.find(name)?.isIdle ?? true,
    isSettled: (name) => fleet.find(name)?.isSettled ?? true,
  })
  for (const name of stoppable) fleet.find(name)?.stop(how)
}

const selectedRunners = (pool: Pool, { indexes }: Part): readonly Runner[] =>
  pool.instances.filter(({ runner, role }) => (indexes === undefined ? role === 'member' : indexes.includes(runner.index))).map(({ runner }) => runner)

const isDown = (pool: Pool, part: Part): boolean =>
  part.indexes === undefined ? pool.isSettled : selectedRunners(pool, part).every(({ isSettled }) => isSettled)

const hasArrived = (pool: Pool, part: Part): boolean =>
  selectedRunners(pool, part).every(({ record }) => SETTLED.has(record.state) || ARRIVED.has(record.state) || isFailingOn(pool.spec, record))

const SETTLED: ReadonlySet<string> = new Set(['stopped', 'completed', 'failed'])
const ARRIVED: ReadonlySet<string> = new Set(['ready', 'listening', 'scheduled'])
