// Records in words: what `status` shows, and what the supervisor says when something changes.

import type { InstanceStatus, ProcessCounters, ProcessState, ProcessStatus } from '../contract/control.ts'
import { renderExit } from './child-exit.ts'
import { resolvePoolState } from './pool-plan.ts'
import type { Instance, Pool } from './pool.ts'
import type { ProcessRecord } from './state.ts'

export type StatusRequest = {
  readonly pool: Pool
  readonly counters: ProcessCounters
  readonly nowMs: number
  readonly epochMs: number
  /** What its instances wait for. */
  readonly waitingFor: readonly string[]
}

export const describeProcess = (request: StatusRequest): ProcessStatus => {
  const { pool, counters } = request
  const instances = pool.instances.map((instance) => describeInstance(instance, request)).toSorted((left, right) => left.index - right.index)
  const state = resolvePoolState(instances)
  const nextStarts = instances.flatMap(({ nextStartInMs }) => nextStartInMs ?? [])
  return {
    name: pool.name,
    state,
    reason: instances.find((instance) => instance.state === state)?.reason ?? '',
    ...describeOnly(instances.filter(({ pid }) => pid !== null)),
    restarts: counters.restarts,
    lastExit: instances.flatMap(({ lastExit }) => lastExit ?? []).at(-1) ?? null,
    nextStartInMs: nextStarts.length === 0 ? null : Math.min(...nextStarts),
    numprocesses: pool.count,
    wanted: pool.isWanted,
    hash: pool.spec.hash,
    instances,
    counters,
  }
}

/** The same of one of its instances. */
export const narrowStatus = (status: ProcessStatus, index: number): ProcessStatus => {
  const instance = status.instances.find((one) => one.index === index)
  if (instance === undefined) return status
  const { label, state, reason, pid, uptimeMs, restarts, lastExit, nextStartInMs } = instance
  return { ...status, name: label, state, reason, pid, uptimeMs, restarts, lastExit, nextStartInMs, instances: [instance] }
}

const describeOnly = ([only, ...others]: readonly InstanceStatus[]): Pick<ProcessStatus, 'pid' | 'uptimeMs'> =>
  only === undefined || others.length > 0 ? { pid: null, uptimeMs: null } : { pid: only.pid, uptimeMs: only.uptimeMs }

const describeInstance = (instance: Instance, { nowMs, epochMs, waitingFor }: StatusRequest): InstanceStatus => {
  const { record } = instance.runner
  return {
    label: instance.label,
    index: instance.runner.index,
    state: record.state,
    reason: describeReason(instance, waitingFor),
    pid: record.pid ?? null,
    uptimeMs: record.pid === undefined ? null : Math.round(nowMs - record.spawnedAtMs),
    restarts: record.restarts,
    lastExit: record.exit === undefined ? null : `${renderExit(record.exit)}${record.exitReason === '' ? '' : ` (${record.exitReason})`}`,
    nextStartInMs: resolveNextStart(record, nowMs, epochMs),
    statusText: record.notice === '' ? null : record.notice,
  }
}

const resolveNextStart = ({ state, retryAtMs, dueAtEpochMs }: ProcessRecord, nowMs: number, epochMs: number): number | null => {
  if (state === 'backoff' && retryAtMs !== undefined) return Math.max(0, Math.round(retryAtMs - nowMs))
  return state === 'scheduled' && dueAtEpochMs !== undefined ? Math.max(0, Math.round(dueAtEpochMs - epochMs)) : null
}

export const describeReason = ({ runner }: Instance, waitingFor: readonly string[]): string => {
  const { state, reason, exit } = runner.record
  if (reason !== '') return reason
  if (state === 'waiting' && waitingFor.length > 0) return `waiting for ${waitingFor.join(', ')}`
  if (state === 'running') return runner.run?.checkReason ?? ''
  return OVER.has(state) && exit !== undefined ? `it ${renderExit(exit)}` : (PASSING_STATES[state] ?? '')
}

/** To whoever has asked for it to be up. */
export const describeFailing = ({ state, reason, exit, retryAtMs }: ProcessRecord, nowMs: number): string => {
  if (state !== 'backoff' || exit === undefined) return reason
  const again = `it ${renderExit(exit)}, and is started again in ${(Math.max(0, (retryAtMs ?? nowMs) - nowMs) / 1000).toFixed(1)} s`
  return reason === '' ? again : `${reason}; ${again}`
}

const OVER: ReadonlySet<ProcessState> = new Set(['backoff', 'completed'])

/** States that nobody has asked for and that end by themselves. */
const PASSING_STATES: Readonly<Partial<Record<ProcessState, string>>> = {
  waiting: 'it is about to start',
  preparing: 'its hook before the start runs',
  starting: 'its program is being started',
  stopping: 'it was told to stop',
  clearing: 'what it has left is being ended',
}

/** The line on stderr for a change of state; undefined when the change is nobody's news. */
export const describeChange = (before: ProcessRecord, after: ProcessRecord): string | undefined => {
  if (after.overdue && !before.overdue) return describeEscalation(before)
  return before.state === after.state ? undefined : describeArrival(before, after)
}

const describeArrival = (before: ProcessRecord, after: ProcessRecord): string | undefined => {
  const { state, exit, reason, intent } = after
  if (state === 'ready') return describeReadiness(before, after)
  if (state === 'failed') return describeFailure(after)
  if (state === 'running' && before.state === 'ready') return `is not ready any more: ${reason}`
  if (state === 'stopping') return TOLD_INTENTS.has(intent) ? `is being stopped: ${reason}` : undefined
  return before.state === 'clearing' && exit !== undefined ? describeEnd(after, renderExit(exit)) : undefined
}

const describeFailure = ({ reason, exit }: ProcessRecord): string => {
  const isSaid = exit === undefined || renderExit(exit).includes(reason)
  return isSaid ? `failed: ${reason}` : `failed: ${reason}; it ${renderExit(exit)}`
}

const describeReadiness = ({ step }: ProcessRecord, { readyAtMs, spawnedAtMs, pid }: ProcessRecord): string =>
  step === 'recheck' ? `is ready again (pid ${pid})` : `ready after ${Math.round((readyAtMs ?? spawnedAtMs) - spawnedAtMs)} ms (pid ${pid})`

const TOLD_INTENTS: ReadonlySet<ProcessRecord['intent']> = new Set(['restart', 'expired', 'unready', 'unhealthy', 'aborted'])

const describeEscalation = ({ state, stopSteps }: ProcessRecord): string => {
  const totalMs = stopSteps.reduce((sum, { waitMs }) => sum + waitMs, 0)
  return state === 'clearing' ? 'has left processes that do not end, killing them' : `did not stop within ${totalMs / 1000} s, killing it`
}

const describeEnd = (after: ProcessRecord, exit: string): string => {
  const { state, intent, history, reason } = after
  if (state === 'backoff') return reason === '' ? `${exit}, waiting before attempt ${Math.max(history.attempt, history.spawnFailures)}` : `${exit}; ${reason}`
  if (state === 'waiting') return intent === 'none' ? `${exit}, starting again` : 'stopped, starting again'
  return state === 'stopped' ? `stopped, ${exit}` : exit
}

/** For subscribers, every change of state has its words. */
export const describeState = (before: ProcessRecord, after: ProcessRecord): string => describeChange(before, after) ?? RENDERED_STATES[after.state]

const RENDERED_STATES: Readonly<Record<ProcessState, string>> = {
  stopped: 'is stopped',
  waiting: 'waits until it may start',
  scheduled: 'waits for its time',
  listening: 'waits for the first connection',
  preparing: 'is about to start',
  starting: 'is starting',
  running: 'runs',
  ready: 'is ready',
  stopping: 'is being stopped',
  clearing: 'has ended',
  backoff: 'waits before it is started again',
  completed: 'has done its work',
  failed: 'has failed',
}
