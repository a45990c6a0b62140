// Replaces the instances of a process by new ones: all new ones first, or one after the other. What fails stops the
// replacing, and what has run so far goes on.

import { renderExit } from './child-exit.ts'
import { planIndexes } from './pool-plan.ts'
import type { Pool } from './pool.ts'
import type { Runner } from './runner.ts'

export type Reload = {
  /** To be called after every change, until it is over. */
  advance(): void
  /** Somebody has other plans for the process. */
  cancel(): void
}

export type ReloadOptions = {
  readonly pool: Pool
  readonly mode: 'graceful' | 'sequential'
  /** Of something that has failed; undefined when all are replaced. Called once. */
  readonly done: (failure: string | undefined) => void
  /** Asks to be advanced again. */
  readonly changed: () => void
}

export const createReload = (options: ReloadOptions): Reload => {
  const { spec } = options.pool
  // Two of a singleton are one too many, and a process that waits for its time or for a connection has nothing to hand over.
  const canOverlap = !spec.singleton && spec.schedule === undefined && !spec.onDemand
  return options.mode === 'graceful' && canOverlap ? createGraceful(options) : createSequential(options)
}

const createGraceful = ({ pool, done }: ReloadOptions): Reload => {
  // What was stopped by its number stays so.
  const old = pool.instances.filter(({ role, runner }) => role === 'member' && runner.record.state !== 'stopped').map(({ runner }) => runner)
  const next = pool.create(planIndexes(pool.members, old.length), 'trial')
  let phase: 'trying' | 'retiring' | 'over' = 'trying'
  for (const runner of next) runner.dispatch({ kind: 'restart', reason: 'reload' })
  const giveUp = (failure: string): void => {
    phase = 'over'
    retire(pool, next)
    done(failure)
  }
  return {
    advance() {
      if (phase === 'trying') {
        if (next.some(isStopped)) return giveUp(IN_BETWEEN)
        const failed = next.find(hasFailed)
        if (failed !== undefined)
          return giveUp(
            `its new instance ${pool.name}:${failed.index} failed${renderReason(failed)}; what ran before goes on. Where two cannot run side by side: reload --sequential`,
          )
        if (!next.every(hasArrived)) return
        phase = 'retiring'
        for (const runner of next) pool.assign(runner, 'member')
        retire(pool, old)
      }
      if (phase !== 'retiring' || pool.instances.some(({ runner }) => old.includes(runner))) return
      phase = 'over'
      pool.scale(pool.count)
      done(undefined)
    },
    cancel() {
      if (phase === 'trying') giveUp(IN_BETWEEN)
      else if (phase === 'retiring') done(undefined)
      phase = 'over'
    },
  }
}

const retire = (pool: Pool, runners: readonly Runner[]): void => {
  for (const runner of runners) {
    pool.assign(runner, 'leaving')
    runner.dispatch({ kind: 'stop' })
  }
}

const IN_BETWEEN = 'another command came in between'

/** Without a word to the reload: the process is stopped or has fewer instances. */
const isStopped = ({ record }: Runner): boolean => record.state === 'stopped'

const hasArrived = ({ record }: Runner): boolean => record.state === 'ready' || record.succeeded

/** It gets one chance: whatever would be tried again otherwise is a failure here. */
const hasFailed = ({ record }: Runner): boolean =>
  record.state === 'failed' || record.crashes > 0 || record.intent === 'unready' || record.intent === 'unhealthy' || record.state === 'backoff'

const renderReason = ({ record: { reason, exit } }: Runner): string => {
  const why = reason === '' && exit !== undefined ? `it ${renderExit(exit)}` : reason
  return why === '' ? '' : `: ${why}`
}

const createSequential = ({ pool, done, changed }: ReloadOptions): Reload => {
  const queue = pool.instances.filter(({ role, runner }) => role === 'member' && runner.record.wanted && !isAwaiting(runner)).map(({ runner }) => runner)
  let current: Renewed | undefined
  let isOver = false
  let pause: NodeJS.Timeout | undefined
  /** What was stopped or given up meanwhile is not brought back. */
  const isMember = (one: Runner): boolean => one.record.wanted && pool.instances.some(({ role, runner }) => role === 'member' && runner === one)
  const end = (failure: string | undefined): void => {
    if (isOver) return
    isOver = true
    clearTimeout(pause)
    done(failure)
  }
  const next = (): void => {
    pause = undefined
    while (queue.length > 0 && !queue.slice(0, 1).every(isMember)) queue.shift()
    const runner = queue.shift()
    current = runner && { runner, starts: runner.record.starts, crashes: runner.record.crashes }
    if (runner === undefined) end(undefined)
    else runner.dispatch({ kind: 'restart', reason: 'reload' })
  }
  next()
  return {
    advance() {
      if (isOver || pause !== undefined || current === undefined) return
      if (isStopped(current.runner)) return end(IN_BETWEEN)
      const progress = judge(current)
      if (progress === 'failed') return end(`${pool.name}:${current.runner.index} failed${renderReason(current.runner)}`)
      if (progress === 'going') return
      if (queue.length === 0 || pool.spec.warmupDelayMs === 0) return next()
      pause = setTimeout(() => (next(), changed()), pool.spec.warmupDelayMs)
    },
    cancel: () => end(IN_BETWEEN),
  }
}

/** What waits for its time or for a connection has no run that could be replaced; the next one is a new one. */
const isAwaiting = ({ record }: Runner): boolean => record.state === 'scheduled' || record.state === 'listening'

type Renewed = { readonly runner: Runner; readonly starts: number; readonly crashes: number }

const judge = ({ runner, starts, crashes }: Renewed): 'going' | 'arrived' | 'failed' => {
  const { record } = runner
  const isNew = record.starts > starts
  const isUnwell = record.crashes > crashes || record.intent === 'unready' || record.intent === 'unhealthy'
  if (record.state === 'failed' || (isNew && isUnwell)) return 'failed'
  return isNew && hasArrived(runner) ? 'arrived' : 'going'
}
