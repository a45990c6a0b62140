// Cells of the table after a run: rest, another run, or the end for good.

import { decideRestart } from './restart.ts'
import type { EndedRun, RestartDecision } from './restart.ts'
import type { Context, Effect, ProcessRecord, Transition } from './state-record.ts'
import { arm, begin, beginNow, fail, listen, rest } from './state-start.ts'
import type { Cell } from './state-start.ts'

export const afterClearing: Cell = (record, context, event) => {
  const next = resolveNext(record)(record, context, event)
  return { ...next, effects: [CANCEL_GRACE, ...next.effects] }
}

const CANCEL_GRACE: Effect = { kind: 'cancelTimer', timer: 'grace' }

const resolveNext = ({ intent, wanted }: ProcessRecord): Cell => {
  if (intent === 'aborted') return fail
  if (intent === 'stop') return wanted ? begin : rest
  if (intent === 'restart') return beginNow
  return intent === 'expired' ? renew : afterCrash
}

/** Its age has nothing to do with how well it runs. */
const renew: Cell = (record) => ({ record: { ...countRestart(record), state: 'waiting', reason: '' }, effects: [] })

/** Only what happens by itself: a restart by command, or with another process, says nothing about this one. */
const countRestart = (record: ProcessRecord): ProcessRecord => ({ ...record, restarts: record.restarts + 1 })

const afterCrash: Cell = (record, context) => {
  const decision = decide(record, context, false)
  if (decision.kind === 'complete') return complete(record, context)
  return carryOut(decision, record, context)
}

const decide = (record: ProcessRecord, { spec, nowMs, random }: Context, isUnconditional: boolean): RestartDecision =>
  decideRestart({
    run: describeRun(record),
    history: record.history,
    spec: isUnconditional ? { ...spec.restart, policy: 'always', preventStatuses: [] } : spec.restart,
    isTask: !isUnconditional && (spec.oneshot || spec.schedule !== undefined),
    nowMs,
    random,
  })

const describeRun = ({ exit, intent, succeeded, readyAtMs, endedAtMs }: ProcessRecord): EndedRun => {
  const readyMs = readyAtMs === undefined ? 0 : endedAtMs - readyAtMs
  if (exit?.kind === 'spawnFailed') return { outcome: 'spawnFailed', mark: undefined, readyMs, problem: exit.message }
  if (intent === 'unready' || intent === 'unhealthy') return { outcome: intent, mark: undefined, readyMs }
  const mark = exit?.kind === 'code' ? exit.code : exit?.signal
  return { outcome: succeeded ? 'success' : 'failure', mark, readyMs }
}

/** Done, unless there is a next time. */
const complete = (record: ProcessRecord, context: Context): Transition => {
  const { schedule, onDemand } = context.spec
  if (schedule !== undefined) return arm({ ...record, reason: '' }, context)
  // A program that ends without taking the connection would be started again and again: pauses and limits apply.
  if (onDemand && record.succeeded) return carryOut(decide(record, context, true), record, context)
  return { record: { ...record, state: 'completed', wanted: false, reason: '' }, effects: [] }
}

const carryOut = (decision: RestartDecision, record: ProcessRecord, context: Context): Transition => {
  if (decision.kind === 'complete') throw new Error('unreachable: an unconditional policy completes nothing')
  if (decision.kind === 'fail') return giveUp({ ...record, reason: decision.reason }, context)
  const again = { ...record, history: decision.history, reason: '' }
  if (decision.delayMs === 0) return comeBack(again, context)
  return {
    record: { ...again, state: 'backoff', reason: decision.reason ?? '', retryAtMs: context.nowMs + decision.delayMs },
    effects: [{ kind: 'startTimer', timer: 'retry', afterMs: decision.delayMs }],
  }
}

/** What has a schedule tries again at its next time. */
const giveUp = (record: ProcessRecord, context: Context): Transition =>
  context.spec.schedule === undefined ? fail(record, context, { kind: 'cleared' }) : arm(record, context)

const comeBack = (record: ProcessRecord, { spec }: Context): Transition => {
  if (spec.onDemand && record.succeeded) return listen(record)
  return { record: { ...countRestart(record), state: 'waiting', retryAtMs: undefined }, effects: [] }
}

export const retry: Cell = (record, context) => comeBack({ ...record, retryAtMs: undefined, reason: '' }, context)
