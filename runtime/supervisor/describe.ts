// Records in words: what `status` shows, and what the supervisor says when something changes.

import type { ProcessStatus } from '../contract/control.ts'
import type { ProcessSpec } from '../contract/process-spec.ts'
import { renderExit } from './child-exit.ts'
import type { ProcessRecord } from './state.ts'

export const describeStatus = (name: string, record: ProcessRecord, nowMs: number): ProcessStatus => ({
  name,
  state: record.state,
  reason: describeReason(record),
  pid: record.pid ?? null,
  uptimeMs: record.pid === undefined ? null : Math.round(nowMs - record.spawnedAtMs),
  restarts: record.restarts,
  lastExit: record.exit === undefined ? null : renderExit(record.exit),
  nextStartInMs: record.retryAtMs === undefined ? null : Math.max(0, Math.round(record.retryAtMs - nowMs)),
})

const describeReason = ({ state, reason, exit, unready }: ProcessRecord): string => {
  if (reason !== '') return reason
  if (state === 'stopping' && unready) return 'it did not become ready'
  const isOver = state === 'backoff' || state === 'completed'
  return isOver && exit !== undefined ? `it ${renderExit(exit)}` : ''
}

/** The line on stderr for a change of state; undefined when the change is nobody's news. */
export const describeChange = (before: ProcessRecord, after: ProcessRecord, { gracefulTimeoutMs }: ProcessSpec): string | undefined => {
  if (after.overdue && !before.overdue) return describeEscalation(after, gracefulTimeoutMs)
  return before.state === after.state ? undefined : describeArrival(before, after)
}

const describeArrival = (before: ProcessRecord, after: ProcessRecord): string | undefined => {
  const { exit, readyAtMs, spawnedAtMs, pid } = after
  if (after.state === 'ready') return `ready after ${Math.round((readyAtMs ?? spawnedAtMs) - spawnedAtMs)} ms (pid ${pid})`
  if (after.state === 'failed') return `failed: ${after.reason}${exit === undefined ? '' : `; it ${renderExit(exit)}`}`
  if (after.state === 'stopping' && after.unready) return 'did not become ready in time, stopping it'
  return before.state === 'clearing' && exit !== undefined ? describeEnd(after, renderExit(exit)) : undefined
}

const describeEscalation = ({ state }: ProcessRecord, gracefulTimeoutMs: number): string =>
  state === 'clearing' ? 'has left processes that do not end, killing them' : `did not stop within ${gracefulTimeoutMs / 1000} s, killing it`

const describeEnd = ({ state, commanded, history }: ProcessRecord, exit: string): string => {
  if (state === 'backoff') return `${exit}, waiting before attempt ${history.attempt}`
  if (state === 'waiting') return commanded ? 'stopped, starting again' : `${exit}, starting again`
  return state === 'stopped' ? `stopped, ${exit}` : exit
}
