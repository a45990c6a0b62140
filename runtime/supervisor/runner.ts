// Drives one instance: feeds events to the state table and carries out the effects.

import type { InstanceSpec, ProcessSpec } from '../contract/process-spec.ts'
import { foreseeRestart } from './foresee-restart.ts'
import { isSettled } from './graph.ts'
import { createRun } from './runner-run.ts'
import type { Run } from './runner-run.ts'
import type { InstanceName, RunnerServices } from './runner-services.ts'
import { createRecord, transition } from './state.ts'
import type { ChildExit, Context, Effect, ProcessEvent, ProcessRecord, TimerName } from './state.ts'

export type RunnerOptions = {
  readonly services: RunnerServices
  readonly process: string
  readonly index: number
  /** As they are now. */
  readonly spec: () => ProcessSpec
  readonly label: () => string
  readonly onChange: (before: ProcessRecord, after: ProcessRecord, event: ProcessEvent) => void
  /** A hook that failed, a process that cannot be ended. */
  readonly onTrouble: (text: string) => void
}

export type Runner = {
  readonly index: number
  readonly record: ProcessRecord
  /** Of the run in progress, or the latest one. */
  readonly run: Run | undefined
  dispatch(event: ProcessEvent): void
  /** Nothing of it runs, nothing is about to. */
  readonly isSettled: boolean
  /** Whether the present run has got a successor, or after how much more time it may get one. */
  nameSuccessor(): boolean | { readonly afterMs: number }
  /** Who was named and has not been started will not be. */
  forgetSuccessor(): void
  /** The run goes on, and nobody looks at it any more. */
  release(): void
}

export const createRunner = (options: RunnerOptions): Runner => {
  const { services, process, index, onChange, onTrouble } = options
  let record = createRecord()
  let run: Run | undefined
  const name = (): InstanceName => ({ process, index, label: options.label() })
  const planRun = (spec: ProcessSpec): Run | Error => {
    const instance = planInstance(spec, { index, socketAddresses: services.socketAddresses() })
    return instance instanceof Error ? instance : createRun({ services, name: name(), spec, instance, dispatch, report: onTrouble })
  }
  const plan = (): void => {
    const spec = options.spec()
    const planned = takeSuccessor(spec.hash) ?? planRun(spec)
    run = planned instanceof Error ? undefined : planned
    refusal = planned instanceof Error ? { kind: 'spawnFailed', status: 125, message: planned.message } : undefined
  }
  let successor: { readonly run: Run; readonly hash: string } | undefined
  const takeSuccessor = (hash: string): Run | undefined => {
    if (successor?.run.isStarted !== true) return undefined
    const { run: started, hash: startedHash } = successor
    successor = undefined
    if (startedHash !== hash) setImmediate(startAnew, started)
    return started
  }
  const startAnew = (outdated: Run): void => {
    if (run === outdated && record.wanted) dispatch({ kind: 'restart', reason: 'it was started as it had been declared before' })
  }
  /** Whatever has happened in the meantime, it runs: now it is known, and, when it is not wanted, stopped like any other. */
  const adoptSuccessor = (): void => {
    if (successor?.run.isStarted !== true) return
    const isWanted = record.state === 'waiting' || record.state === 'backoff' || record.state === 'listening'
    if (record.state === 'listening') dispatch({ kind: 'stop' })
    dispatch({ kind: 'restart', reason: '' })
    dispatch({ kind: 'dependenciesMet' })
    if (!isWanted) dispatch({ kind: 'stop' })
  }
  let isReleased = false
  let refusal: ChildExit | undefined
  const dispatch = (event: ProcessEvent): void => {
    if (event.kind === 'dependenciesMet' && record.state === 'waiting') plan()
    const before = record
    const next = transition(before, event, createContext(options.spec(), run))
    record = next.record
    for (const effect of next.effects) carryOut(effect)
    if (record !== before) onChange(before, record, event)
    if (event.kind === 'cleared') adoptSuccessor()
  }
  const timers = createTimers(dispatch)
  let demand: { cancel(): void } | undefined
  const carryOut = (effect: Effect): void => {
    if (effect.kind === 'startTimer') return timers.start(effect.timer, effect.afterMs)
    if (effect.kind === 'cancelTimer') return timers.cancel(effect.timer)
    if (effect.kind === 'awaitDemand') return awaitDemand()
    if (effect.kind === 'ignoreDemand') return demand?.cancel()
    if (effect.kind === 'reportImpossible') return onTrouble(`cannot happen: ${effect.event} while ${effect.state}`)
    return run === undefined ? refuse(effect) : carryOutRun(run, effect, record)
  }
  const awaitDemand = (): void => {
    demand = services.demand.await(options.spec().sockets, () => dispatch({ kind: 'demanded' }))
  }
  /** What cannot be planned cannot be started either, and says why like any other. */
  const refuse = ({ kind }: Effect): void => {
    if (kind === 'spawn' && refusal !== undefined) setImmediate(dispatch, { kind: 'exit', exit: refusal })
    if (kind === 'clearSession') setImmediate(dispatch, { kind: 'cleared' })
  }
  return {
    index,
    get record() {
      return record
    },
    get run() {
      return run
    },
    dispatch,
    get isSettled() {
      return isSettled(record.state) && successor?.run.isStarted !== true
    },
    nameSuccessor() {
      if (run === undefined || successor !== undefined) return false
      const spec = options.spec()
      const course = foreseeRestart(record, createContext(spec, run))
      if (course?.kind === 'later') return { afterMs: course.afterMs }
      const next = course === undefined ? undefined : planRun(spec)
      if (course === undefined || next === undefined || next instanceof Error || !next.follow(run, course.unless)) return false
      successor = { run: next, hash: spec.hash }
      return true
    },
    forgetSuccessor() {
      if (successor?.run.isStarted === true && !isReleased) return
      // It goes on like the run that it follows: nobody looks at it, and its lines are read.
      if (successor?.run.isStarted === true) successor.run.spawn()
      successor?.run.release()
      successor = undefined
    },
    release() {
      isReleased = true
      timers.cancelAll()
      demand?.cancel()
      run?.release()
    },
  }
}

const planInstance = (spec: ProcessSpec, context: Parameters<ProcessSpec['planInstance']>[0]): InstanceSpec | Error => {
  try {
    return spec.planInstance(context)
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

const createContext = (spec: ProcessSpec, run: Run | undefined): Context => ({
  spec,
  instance: run?.instance ?? NOTHING_DECLARED,
  nowMs: performance.now(),
  epochMs: Date.now(),
  random: Math.random(),
})

const NOTHING_DECLARED: Context['instance'] = { startup: undefined, ready: undefined, hooks: {} }

type RunEffect = Exclude<Effect, { kind: 'startTimer' | 'cancelTimer' | 'awaitDemand' | 'ignoreDemand' | 'reportImpossible' }>

const carryOutRun = (run: Run, effect: RunEffect, record: ProcessRecord): void => {
  if ('hook' in effect) return void run.runHook(effect.hook)
  if ('step' in effect) return run.startProbe(effect.step)
  if ('signal' in effect) return run.sendSignal(effect.signal, effect.isStop)
  if (effect.kind === 'clearSession') return void run.clear(record.exit, record.stopSteps[0]?.signal ?? 'SIGTERM')
  return effect.kind === 'killSession' ? run.kill() : run[effect.kind]()
}

const TIMER_EVENTS = { grace: 'graceExpired', retry: 'retry', schedule: 'due', age: 'expired' } as const

type Timers = { start(timer: TimerName, afterMs: number): void; cancel(timer: TimerName): void; cancelAll(): void }

const createTimers = (dispatch: (event: ProcessEvent) => void): Timers => {
  const timers: Partial<Record<TimerName, NodeJS.Timeout>> = {}
  return {
    start(timer, afterMs) {
      clearTimeout(timers[timer])
      timers[timer] = setTimeout(dispatch, afterMs, { kind: TIMER_EVENTS[timer] })
    },
    cancel: (timer) => clearTimeout(timers[timer]),
    cancelAll() {
      for (const timer of Object.values(timers)) clearTimeout(timer)
    },
  }
}
