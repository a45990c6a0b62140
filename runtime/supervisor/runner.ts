// Drives one instance: feeds events to the state table and carries out the effects.

import type { InstanceSpec, ProcessSpec } from '../contract/process-spec.ts'
import { foreseeRestart } from './foresee-restart.ts'
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
  /** Whether the present run has a successor now, or after how much more time it may get one. */
  nameSuccessor(): boolean | { readonly afterMs: number }
  /** After everything that has happened: whether its successor is still one. Who is not is dropped. */
  keepSuccessor(): boolean
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
    const planned = takeSuccessor(spec) ?? planRun(spec)
    run = planned instanceof Error ? undefined : planned
    refusal = planned instanceof Error ? { kind: 'spawnFailed', status: 125, message: planned.message } : undefined
  }
  let successor: { readonly run: Run; readonly spec: ProcessSpec } | undefined
  const dropSuccessor = (): void => {
    successor?.run.drop()
    successor = undefined
  }
  const takeSuccessor = (spec: ProcessSpec): Run | undefined => {
    if (successor?.run.isStarted !== true || successor.spec !== spec) return undefined
    const { run: started } = successor
    successor = undefined
    return started
  }
  let refusal: ChildExit | undefined
  const dispatch = (event: ProcessEvent): void => {
    if (event.kind === 'dependenciesMet' && record.state === 'waiting') plan()
    const before = record
    const next = transition(before, event, createContext(options.spec(), run))
    record = next.record
    for (const effect of next.effects) carryOut(effect)
    if (record !== before) onChange(before, record, event)
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
    nameSuccessor() {
      const spec = options.spec()
      const course = run === undefined ? undefined : foreseeRestart(record, createContext(spec, run))
      if (run === undefined || course === undefined) return false
      if (course.kind === 'later') return { afterMs: course.afterMs }
      const next = planRun(spec)
      if (next instanceof Error || !next.follow(run, course.unless)) return false
      successor = { run: next, spec }
      return true
    },
    keepSuccessor() {
      if (successor?.run.isStarted === true && record.state === 'clearing') return true
      dropSuccessor()
      return false
    },
    release() {
      dropSuccessor()
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
