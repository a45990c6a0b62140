// Cells of the table on the way up: from rest to ready.

import { TIMER_MAX_MS } from '../contract/quantity.ts'
import { NO_HISTORY } from './restart.ts'
import type { Context, Effect, ProcessEvent, ProcessRecord, Transition } from './state-record.ts'

export type Cell = (record: ProcessRecord, context: Context, event: ProcessEvent) => Transition

export const ignore: Cell = (record) => ({ record, effects: [] })

export const impossible: Cell = (record, _context, event) => ({
  record,
  effects: [{ kind: 'reportImpossible', event: event.kind, state: record.state }],
})

/** A fresh start by command: what happened before no longer counts. */
export const begin: Cell = (record, context) => {
  const fresh = refresh(record)
  const { schedule, onDemand } = context.spec
  if (schedule !== undefined && !schedule.runOnStart) return prepend(CANCEL_RETRY, arm(fresh, context))
  if (onDemand) return prepend(CANCEL_RETRY, listen(fresh))
  return { record: { ...fresh, state: 'waiting' }, effects: [CANCEL_RETRY] }
}

/** The same, but neither a schedule nor a connection is waited for. */
export const beginNow: Cell = (record) => ({
  record: { ...refresh(record), state: 'waiting' },
  effects: [CANCEL_RETRY, { kind: 'cancelTimer', timer: 'schedule' }],
})

const CANCEL_RETRY: Effect = { kind: 'cancelTimer', timer: 'retry' }

const refresh = (record: ProcessRecord): ProcessRecord => ({
  ...record,
  wanted: true,
  intent: 'none',
  history: NO_HISTORY,
  retryAtMs: undefined,
  dueAtEpochMs: undefined,
  reason: '',
})

const prepend = (effect: Effect, { record, effects }: Transition): Transition => ({ record, effects: [effect, ...effects] })

/** Waits for the next time of its schedule. */
export const arm = (record: ProcessRecord, { spec, epochMs }: Context): Transition => {
  const dueAtEpochMs = spec.schedule?.nextRunMs(epochMs)
  if (dueAtEpochMs === undefined) {
    return { record: { ...record, state: 'completed', wanted: false, succeeded: true, reason: 'its schedule has no next time' }, effects: [] }
  }
  return { record: { ...record, state: 'scheduled', dueAtEpochMs }, effects: [scheduleTimer(dueAtEpochMs, epochMs)] }
}

const scheduleTimer = (dueAtEpochMs: number, epochMs: number): Effect => ({
  kind: 'startTimer',
  timer: 'schedule',
  afterMs: Math.min(Math.max(0, dueAtEpochMs - epochMs), CLOCK_LOOK_MS),
})

/** The clock may be set, and goes on while the machine sleeps: nobody tells, so it is looked at. */
const CLOCK_LOOK_MS = 60_000

/** Timers count a time that stands still and cannot be set: the clock on the wall decides. */
export const runScheduled: Cell = (record, { epochMs }) => {
  const dueAtEpochMs = record.dueAtEpochMs ?? 0
  if (epochMs < dueAtEpochMs) return { record, effects: [scheduleTimer(dueAtEpochMs, epochMs)] }
  return { record: { ...record, state: 'waiting', dueAtEpochMs: undefined, reason: '' }, effects: [] }
}

export const listen = (record: ProcessRecord): Transition => ({ record: { ...record, state: 'listening' }, effects: [{ kind: 'awaitDemand' }] })

export const answerDemand: Cell = (record) => ({ record: { ...record, state: 'waiting' }, effects: [] })

/** What it depends on is there. */
export const prepare: Cell = (record, context, event) => {
  const fresh: ProcessRecord = {
    ...record,
    state: 'preparing',
    intent: 'none',
    step: undefined,
    stopSteps: context.spec.stopSteps,
    stopsSent: 0,
    overdue: false,
    pid: undefined,
    succeeded: false,
    spawnedAtMs: context.nowMs,
    readyAtMs: undefined,
    starts: record.starts + 1,
    reason: '',
    notice: '',
  }
  if (context.instance.hooks.beforeSpawn === undefined) return spawn(fresh, context, event)
  return { record: fresh, effects: [{ kind: 'runHook', hook: 'beforeSpawn' }] }
}

export const spawn: Cell = (record, { nowMs }) => ({ record: { ...record, state: 'starting', spawnedAtMs: nowMs }, effects: [{ kind: 'spawn' }] })

export const fail: Cell = (record) => ({ record: { ...record, state: 'failed', wanted: false, succeeded: false }, effects: [] })

export const rest: Cell = (record) => ({
  record: { ...record, state: 'stopped', wanted: false, retryAtMs: undefined, dueAtEpochMs: undefined, reason: '' },
  effects: [CANCEL_RETRY],
})

export const stopPreparing: Cell = (record, context, event) => prepend({ kind: 'stopObserving' }, rest(record, context, event))

/** What it depends on may have gone meanwhile: it is waited for again. */
export const prepareAgain: Cell = (record) => ({ record: { ...record, state: 'waiting' }, effects: [{ kind: 'stopObserving' }] })

export const stopWaitingForTime: Cell = (record, context, event) => prepend({ kind: 'cancelTimer', timer: 'schedule' }, rest(record, context, event))

export const stopListening: Cell = (record, context, event) => prepend({ kind: 'ignoreDemand' }, rest(record, context, event))

/** The program runs. */
export const run: Cell = (record, context) => {
  const { maxAgeMs, maxAgeVarianceMs } = context.spec
  const started = awaitHook({ ...record, state: 'running' }, context)
  if (maxAgeMs === undefined) return started
  const aging = age({ ...started.record, ageLeftMs: maxAgeMs + Math.round(context.random * maxAgeVarianceMs) })
  return { record: aging.record, effects: [...started.effects, ...aging.effects] }
}

/** As much of it as a timer can wait. */
export const age = (record: ProcessRecord): Transition => {
  const afterMs = Math.min(record.ageLeftMs, TIMER_MAX_MS)
  return { record: { ...record, ageLeftMs: record.ageLeftMs - afterMs }, effects: [{ kind: 'startTimer', timer: 'age', afterMs }] }
}

export const passHook: Cell = (record, context, event) => (record.step === 'afterSpawn' ? awaitStartup(record, context) : ignore(record, context, event))

export const passStartup: Cell = (record, context, event) =>
  record.step === 'startup' ? settleProbe(observe(record, context)) : ignore(record, context, event)

export const becomeReady: Cell = (record, context, event) => {
  if (record.step === 'recheck') return { record: { ...record, state: 'ready', step: undefined, reason: '' }, effects: [] }
  return record.step === 'ready' ? settleProbe(arrive(record, context)) : ignore(record, context, event)
}

export const becomeUnready: Cell = (record, _context, event) => ({
  record: { ...record, state: 'running', step: 'recheck', reason: event.kind === 'unready' ? event.reason : '' },
  effects: [],
})

/** Each of the following goes on to the next step when its process has not declared it. */
const awaitHook = (record: ProcessRecord, context: Context): Transition => {
  if (context.instance.hooks.afterSpawn === undefined) return awaitStartup(record, context)
  return { record: { ...record, step: 'afterSpawn' }, effects: [{ kind: 'runHook', hook: 'afterSpawn' }] }
}

const awaitStartup = (record: ProcessRecord, context: Context): Transition => {
  const { startup } = context.instance
  return startup === undefined ? observe(record, context) : probe(record, 'startup')
}

const observe = (record: ProcessRecord, context: Context): Transition => {
  const { ready } = context.instance
  const next = ready === undefined ? arrive(record, context) : probe(record, 'ready')
  return prepend({ kind: 'startObserving' }, next)
}

const arrive = (record: ProcessRecord, { instance, nowMs }: Context): Transition => ({
  record: { ...record, state: 'ready', step: undefined, readyAtMs: nowMs },
  effects: instance.ready?.recheckMs === undefined ? [] : [{ kind: 'startRecheck' }],
})

const probe = (record: ProcessRecord, step: 'startup' | 'ready'): Transition => ({ record: { ...record, step }, effects: [{ kind: 'startProbe', step }] })

const settleProbe = (next: Transition): Transition => prepend({ kind: 'stopProbe' }, next)
