// Cells of the table on the way down: signals one after the other, SIGKILL at the end, then whatever is left over.

import type { ExitMark } from '../contract/process-spec.ts'
import { TIMER_MAX_MS } from '../contract/quantity.ts'
import type { ChildExit, Context, Effect, Intent, ProcessEvent, ProcessRecord, Transition } from './state-record.ts'
import { age, ignore } from './state-start.ts'
import type { Cell } from './state-start.ts'

export const stop: Cell = (record, context, event) => {
  const steps = event.kind === 'stop' ? event.steps : undefined
  return end({ ...record, wanted: false, reason: '', stopSteps: steps ?? context.spec.stopSteps }, context, 'stop')
}

export const restartRun: Cell = (record, context, event) =>
  end({ ...record, wanted: true, reason: event.kind === 'restart' ? event.reason : '', stopSteps: context.spec.stopSteps }, context, 'restart')

export const expire: Cell = (record, context) => {
  if (record.ageLeftMs > 0) return age(record)
  return end({ ...record, wanted: true, reason: 'it has reached its age', stopSteps: context.spec.stopSteps }, context, 'expired')
}

export const stopUnready: Cell = (record, context, event) => {
  const { step } = record
  if (step !== 'startup' && step !== 'ready') return ignore(record, context, event)
  const reason = `it did not ${step === 'startup' ? 'start up' : 'become ready'} in time${event.kind === 'startTimeout' && event.reason !== '' ? `: ${event.reason}` : ''}`
  return end({ ...record, reason, stopSteps: context.spec.stopSteps }, context, 'unready')
}

export const abort: Cell = (record, context, event) =>
  end({ ...record, wanted: false, reason: event.kind === 'hookFailed' ? event.reason : '', stopSteps: context.spec.stopSteps }, context, 'aborted')

/** Liveness and resources: a restart, or only a signal. */
export const correct: Cell = (record, context, event) => {
  if (event.kind !== 'unhealthy' && event.kind !== 'exceeded') return ignore(record, context, event)
  const { action, reason } = event
  if (action === 'restart') return end({ ...record, reason, stopSteps: context.spec.stopSteps }, context, 'unhealthy')
  return { record: { ...record, reason }, effects: [{ kind: 'sendSignal', signal: action.signal, isStop: false }] }
}

const end = (record: ProcessRecord, { nowMs }: Context, intent: Intent): Transition => {
  const stopping = sendNext({ ...record, state: 'stopping', step: undefined, intent, stopsSent: 0 }, nowMs)
  return { ...stopping, effects: [...STOP_LOOKING, ...stopping.effects] }
}

const STOP_LOOKING: readonly Effect[] = [{ kind: 'stopObserving' }, { kind: 'cancelTimer', timer: 'age' }]

const sendNext = (record: ProcessRecord, nowMs: number): Transition => {
  const { stopSteps, stopsSent } = record
  const next = stopSteps[stopsSent]
  if (next === undefined) return { record: { ...record, overdue: true }, effects: [{ kind: 'killSession' }] }
  return {
    record: { ...record, stopsSent: stopsSent + 1, deadlineMs: nowMs + next.waitMs },
    effects: [
      { kind: 'sendSignal', signal: next.signal, isStop: true },
      { kind: 'startTimer', timer: 'grace', afterMs: next.waitMs },
    ],
  }
}

/** The time of a stop step is over. */
export const escalate: Cell = (record, { nowMs }) => sendNext(record, nowMs)

/** The time of the leftovers is over. */
export const escalateRest: Cell = (record) => ({ record: { ...record, overdue: true }, effects: [{ kind: 'killSession' }] })

export const kill: Cell = (record) => ({
  record: { ...record, state: 'stopping', wanted: false, intent: 'stop', stopsSent: record.stopSteps.length },
  effects: [...STOP_LOOKING, { kind: 'cancelTimer', timer: 'grace' }, { kind: 'killSession' }],
})

export const killRest: Cell = (record) => ({ record: { ...record, wanted: false, intent: 'stop' }, effects: [{ kind: 'killSession' }] })

export const wantUp: Cell = (record) => ({ record: { ...record, wanted: true, intent: record.intent === 'aborted' ? 'stop' : record.intent }, effects: [] })

export const wantDown: Cell = (record) => ({ record: { ...record, wanted: false, intent: 'stop' }, effects: [] })

/** A restart of what is going down anyway. */
export const wantAgain: Cell = (record) => ({ record: { ...record, wanted: true, intent: 'restart' }, effects: [] })

/** The leader is gone; what it leaves behind in its session may hold ports and files that the next run needs. */
export const clear: Cell = (record, { spec }) => ({
  record: { ...record, state: 'clearing', step: undefined, pid: undefined },
  effects: [
    ...STOP_LOOKING,
    { kind: 'clearSession' },
    ...(record.state === 'stopping' ? [] : [{ kind: 'startTimer', timer: 'grace', afterMs: crashGraceMs(spec.stopSteps[0]?.waitMs) } as const]),
  ],
})

/** After a crash the leftovers only delay the restart. */
const crashGraceMs = (declaredMs: number = CRASH_GRACE_MS): number => Math.min(declaredMs, CRASH_GRACE_MS)
const CRASH_GRACE_MS = 1000

/** More time to stop, never less than it had. Until it has started, its probe gives it. */
export const extend: Cell = (record, context, event) => {
  if (event.kind !== 'extended' || record.overdue) return ignore(record, context, event)
  const deadlineMs = Math.max(record.deadlineMs, context.nowMs + Math.min(event.byMs, TIMER_MAX_MS))
  const afterMs = Math.min(deadlineMs - context.nowMs, TIMER_MAX_MS)
  return { record: { ...record, deadlineMs }, effects: [{ kind: 'startTimer', timer: 'grace', afterMs }] }
}

/** The facts that an event carries, noted before its cell is looked up. */
export const absorb = (record: ProcessRecord, event: ProcessEvent, { spec, nowMs }: Context): ProcessRecord => {
  if (event.kind === 'spawned') return { ...record, pid: event.pid }
  if (event.kind === 'mainPid') return record.pid === undefined ? record : { ...record, pid: event.pid }
  if (event.kind === 'exit') return absorbExit({ ...record, endedAtMs: nowMs }, event.exit, spec.restart.successStatuses)
  if (event.kind === 'dependencyFailed' || event.kind === 'hookFailed') return { ...record, reason: event.reason }
  return event.kind === 'noticed' ? { ...record, notice: event.text } : record
}

/** Only what nobody has asked for is a success or a crash. */
const absorbExit = (record: ProcessRecord, exit: ChildExit, successes: readonly ExitMark[]): ProcessRecord => {
  const isOurs = record.intent !== 'none'
  const succeeded = !isOurs && isSuccess(exit, successes)
  return {
    ...record,
    exit,
    exitReason: record.intent === 'stop' ? '' : isOurs ? record.reason : '',
    succeeded,
    crashes: record.crashes + (isOurs || succeeded ? 0 : 1),
  }
}

const isSuccess = (exit: ChildExit, successes: readonly ExitMark[]): boolean =>
  exit.kind !== 'spawnFailed' && successes.includes(exit.kind === 'code' ? exit.code : exit.signal)
