// The heart of the supervisor: whatever happens, everybody whose turn it is now gets it. Knows what is in progress:
// commands, reloads, the end of it all.

import type { ReloadMode } from '../contract/control-supervisor.ts'
import { NixpackError } from '../contract/errors.ts'
import type { ExitPolicy, Plan, ProcessSpec } from '../contract/process-spec.ts'
import { TIMER_MAX_MS } from '../contract/quantity.ts'
import { createChronicle } from './chronicle.ts'
import type { Chronicle } from './chronicle.ts'
import { createEventLog } from './event-log.ts'
import type { WritableEventLog } from './event-log.ts'
import { resolveEnding } from './exit-policy.ts'
import type { Ending, Finished } from './exit-policy.ts'
import { admitReady, createFleet, restartDependents } from './fleet.ts'
import type { Fleet } from './fleet.ts'
import { isSettled, planStopDeadlineMs } from './graph.ts'
import { createJobs, stopInOrder } from './jobs.ts'
import type { Jobs } from './jobs.ts'
import { createOutcome } from './outcome.ts'
import type { DecisiveRun, Outcome } from './outcome.ts'
import { createReload } from './pool-reload.ts'
import type { Reload } from './pool-reload.ts'
import { createPool } from './pool.ts'
import type { InstanceChange, Pool } from './pool.ts'
import type { RunnerServices } from './runner-services.ts'
import { createSuccessors } from './successors.ts'
import { LINES_SHOWN, publishChange, reportChange } from './supervisor-news.ts'

/** What is declared besides processes and sockets. */
export type Declared = Omit<Plan, 'processes' | 'sockets'>

export type Core = {
  readonly services: RunnerServices
  readonly fleet: Fleet
  readonly jobs: Jobs
  readonly chronicle: Chronicle
  readonly events: WritableEventLog
  declared: Declared
  insert(spec: ProcessSpec): Pool
  remove(name: string): void
  /** To be called after everything that may let somebody go on. */
  advance(): void
  /** Nobody goes on before all of it is said. */
  together(deed: () => void): void
  /** Asked after every step, until there is an answer. */
  when<Value>(look: () => Value | undefined): Promise<Value>
  /** Until this is over, the bundle does not end because all have done their work. */
  keepFor(work: Promise<unknown>): void
  /** Why it failed; undefined when all are replaced. */
  reload(pool: Pool, mode: Exclude<ReloadMode, 'declared' | 'terminate'>): Promise<string | undefined>
  /** Throws CONTROL_REFUSED while the bundle stops. */
  assertOpen(deed: string): void
  /** Ordered stop; told again, it kills. */
  end(): void
  /** What cannot go on. */
  readonly fail: (error: NixpackError) => void
  readonly isStopping: boolean
  readonly done: Promise<Outcome>
}

type Cause = Ending | { readonly kind: 'commanded' } | { readonly kind: 'error'; readonly error: NixpackError }

/** `hurry`: somebody waits for the end; readers of lines have had their time. */
export const createCore = (services: RunnerServices, declared: Declared, hurry: () => void): Core => {
  const fleet = createFleet()
  const events = createEventLog()
  const chronicle = createChronicle(services.hub)
  const done = Promise.withResolvers<Outcome>()
  const reloads = new Map<string, Reload>()
  let looks: readonly (() => boolean)[] = []
  let cause: Cause | undefined
  let deadlineTimer: NodeJS.Timeout | undefined
  let deadlineAtMs = 0
  let worksUnderway = 0

  const resolveCause = (): Ending | undefined =>
    resolveEnding(
      core.declared.exitPolicy,
      fleet.pools.map((pool) => describeFinished(pool, core.declared.exitPolicy)),
      worksUnderway > 0,
    )
  const step = (): void => {
    for (const pool of fleet.pools) pool.settle()
    for (const reload of reloads.values()) reload.advance()
    if (cause === undefined) {
      jobs.advance()
      admitReady(fleet)
      const ending = resolveCause()
      if (ending !== undefined) beginEnd(ending)
    }
    if (cause !== undefined)
      stopInOrder(
        fleet,
        fleet.pools.map(({ name }) => name),
      )
    looks = looks.filter((look) => !look())
  }
  const settle = (): void => {
    if (cause === undefined || !fleet.pools.every(({ isSettled }) => isSettled)) return
    clearTimeout(deadlineTimer)
    successors.close()
    done.resolve(cause.kind === 'error' ? { status: 125, error: cause.error } : createOutcome(resolveDecisive(cause)))
  }
  const successors = createSuccessors({ fleet, spawner: services.spawner, isQuiet: () => cause === undefined && reloads.size === 0 && jobs.isIdle })
  const { advance, together } = createAdvance(step, () => {
    successors.review()
    settle()
  })
  const jobs = createJobs({ fleet, together, taken: (name) => reloads.get(name)?.cancel() })
  const resolveDecisive = (ending: Exclude<Cause, { kind: 'error' }>): DecisiveRun | undefined => {
    if (ending.kind !== 'process') return undefined
    const instances = fleet.find(ending.name)?.instances ?? []
    const instance =
      instances.find(({ runner }) => runner.record.state === 'failed') ?? instances.find(({ runner }) => !runner.record.succeeded) ?? instances[0]
    if (instance === undefined) return undefined
    const { record, run } = instance.runner
    return { label: instance.label, record, lastLines: services.hub.lastLines(run?.label ?? instance.label, LINES_SHOWN) }
  }
  const setDeadline = (afterMs: number): void => {
    clearTimeout(deadlineTimer)
    deadlineAtMs = performance.now() + afterMs
    deadlineTimer = setTimeout(killAll, Math.min(afterMs, TIMER_MAX_MS), fleet)
  }
  const beginEnd = (next: Cause): void => {
    cause = next
    hurry()
    for (const reload of reloads.values()) reload.cancel()
    jobs.cancelAll()
    setDeadline(planStopDeadlineMs(fleet.specs, (name) => planStopTimeMs(fleet.find(name))) + DEADLINE_MARGIN_MS)
    events.publish({ ...OF_THE_BUNDLE, text: 'is being stopped' })
  }
  const onChange = (change: InstanceChange): void => {
    chronicle.note(change)
    const ending = cause === undefined && change.after.state === 'failed' ? resolveCause() : undefined
    reportChange(services, change, ending?.kind === 'process' && ending.name === change.pool.name)
    publishChange(events, change)
    restartDependents(fleet, change)
    // A process that is allowed more time to stop is not to be killed by the deadline of all.
    if (change.event.kind === 'extended' && cause !== undefined) {
      setDeadline(Math.max(deadlineAtMs - performance.now(), change.event.byMs + DEADLINE_MARGIN_MS))
    }
    advance()
  }
  const core: Core = {
    services,
    fleet,
    jobs,
    chronicle,
    events,
    declared,
    insert(spec) {
      const onTrouble = (pool: Pool, label: string, text: string): void => {
        services.report.warn(`${label}: ${text}`)
        events.publish({ kind: 'hook', process: pool.name, label, state: null, pid: null, text })
      }
      const pool = createPool({ services, spec, onChange, onTrouble, changed: advance })
      fleet.insert(pool)
      return pool
    },
    remove(name) {
      reloads.get(name)?.cancel()
      fleet.find(name)?.release()
      fleet.remove(name)
      services.hub.forget(name)
      chronicle.forget(name)
    },
    advance,
    together,
    when(look) {
      const { promise, resolve } = Promise.withResolvers<NonNullable<ReturnType<typeof look>>>()
      const isAnswered = (): boolean => {
        const answer = look()
        if (answer === undefined || answer === null) return false
        resolve(answer)
        return true
      }
      if (!isAnswered()) looks = [...looks, isAnswered]
      return promise
    },
    keepFor(work) {
      const end = (): void => {
        worksUnderway--
        advance()
      }
      worksUnderway++
      work.then(end, end)
    },
    reload(pool, mode) {
      reloads.get(pool.name)?.cancel()
      const { promise, resolve } = Promise.withResolvers<string | undefined>()
      together(() => {
        // Over at once when there is nothing to replace.
        let isOver = false
        const done = (failure: string | undefined): void => {
          isOver = true
          resolve(failure)
        }
        const reload = createReload({ pool, mode, changed: advance, done })
        if (isOver) return
        reloads.set(pool.name, reload)
        void promise.then(() => {
          if (reloads.get(pool.name) === reload) reloads.delete(pool.name)
        })
      })
      return promise
    },
    assertOpen(deed) {
      if (cause !== undefined) throw new NixpackError('CONTROL_REFUSED', `cannot ${deed}: the bundle is stopping`)
    },
    end() {
      if (cause === undefined) beginEnd({ kind: 'commanded' })
      else killAll(fleet)
      advance()
    },
    fail(error) {
      if (cause?.kind === 'error') return
      const isFirst = cause === undefined
      if (isFirst) beginEnd({ kind: 'error', error })
      else cause = { kind: 'error', error }
      killAll(fleet)
      advance()
    },
    get isStopping() {
      return cause !== undefined
    },
    done: done.promise,
  }
  return core
}

export const OF_THE_BUNDLE = { kind: 'bundle', process: null, label: null, state: null, pid: null } as const

/** Beyond the processes' own times: their SIGKILL and the rest of their sessions. */
const DEADLINE_MARGIN_MS = 2000

type Advance = Pick<Core, 'advance' | 'together'>

/** Events that a step causes run another step after it, not within it. */
const createAdvance = (step: () => void, settle: () => void): Advance => {
  let isAdvancing = false
  let isDirty = false
  const advance = (): void => {
    isDirty = true
    if (isAdvancing) return
    isAdvancing = true
    try {
      while (isDirty) {
        isDirty = false
        step()
      }
    } finally {
      isAdvancing = false
    }
    settle()
  }
  return {
    advance,
    together(deed) {
      const wasAdvancing = isAdvancing
      isAdvancing = true
      try {
        deed()
      } finally {
        isAdvancing = wasAdvancing
      }
      advance()
    },
  }
}

/** A process fails when one of its instances has and no other is left to do its work; who asked for the first failure gets it. */
const describeFinished = ({ spec, instances }: Pool, policy: ExitPolicy): Finished => {
  const members = instances.filter(({ role }) => role === 'member').map(({ runner }) => runner.record)
  const hasFailed = members.some((record) => record.state === 'failed')
  const isOver = policy === 'first-failure' || members.every((record) => isSettled(record.state))
  const state = hasFailed && isOver ? 'failed' : members.length > 0 && members.every((record) => record.state === 'completed') ? 'completed' : 'ready'
  const isAtRest = members.every((record) => record.state === 'stopped')
  return { spec, state: isAtRest ? 'stopped' : state, succeeded: members.every(({ succeeded }) => succeeded) }
}

const planStopTimeMs = (pool: Pool | undefined): number =>
  pool === undefined ? 0 : pool.spec.stopSteps.reduce((sum, { waitMs }) => sum + waitMs, 0) + pool.stopHooksMs

const killAll = ({ pools }: Fleet): void => {
  for (const pool of pools) if (!pool.isSettled) pool.kill()
}
