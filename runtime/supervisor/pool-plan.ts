// How many instances of a process there are, and which: pure.

import type { ProcessState } from '../contract/control.ts'
import type { StopOptions } from '../contract/control-supervisor.ts'
import type { ProcessSpec, StopStep } from '../contract/process-spec.ts'
import { isIdle, isSettled } from './graph.ts'
import type { Standing } from './graph.ts'
import { isEndless } from './restart.ts'
import type { ProcessRecord } from './state-record.ts'

export type Member = {
  readonly index: number
  readonly state: ProcessState
  readonly succeeded: boolean
  /** It is to end and to be forgotten. */
  readonly isLeaving: boolean
  /** Counts up with each instance that is made. */
  readonly order: number
}

export const clampCount = ({ singleton }: Pick<ProcessSpec, 'singleton'>, count: number): number => Math.max(0, Math.min(count, singleton ? 1 : INSTANCES_MAX))

export const INSTANCES_MAX = 1000

/** The lowest numbers from 1 on that nobody has, also not one who is still on its way out. */
export const planIndexes = (members: readonly Pick<Member, 'index'>[], count: number): readonly number[] => {
  const taken = new Set(members.map(({ index }) => index))
  const free: number[] = []
  for (let index = 1; free.length < count; index += 1) if (!taken.has(index)) free.push(index)
  return free
}

export type PoolChange = { readonly create: readonly number[]; readonly retire: readonly number[] }

/** To have as many as wanted: new ones at the lowest free numbers; those that do not run go first, then the oldest. */
export const planScale = (members: readonly Member[], count: number): PoolChange => {
  const staying = members.filter(({ isLeaving }) => !isLeaving)
  if (staying.length <= count) return { create: planIndexes(members, count - staying.length), retire: [] }
  const byAge = staying.toSorted((left, right) => Number(isIdle(right.state)) - Number(isIdle(left.state)) || left.order - right.order)
  return { create: [], retire: byAge.slice(0, staying.length - count).map(({ index }) => index) }
}

/** It has failed and will be tried again, without an end to it. */
export const isFailingOn = ({ restart }: Pick<ProcessSpec, 'restart'>, { state, history }: Pick<ProcessRecord, 'state' | 'history'>): boolean =>
  state === 'backoff' && isEndless(restart, history)

/** What a command says about a stop; the rest is as declared, and the time is that of all steps. */
export const planStopSteps = (declared: readonly StopStep[], { signal, gracefulTimeoutMs }: StopOptions): readonly StopStep[] => {
  if (signal === undefined && gracefulTimeoutMs === undefined) return declared
  const waitMs = gracefulTimeoutMs ?? declared.reduce((sum, step) => sum + step.waitMs, 0)
  return [{ signal: signal ?? declared[0]?.signal ?? 'SIGTERM', waitMs }]
}

/**
 * All instances taken together. While a reload replaces them, those on their way out still count: what is ready
 * enough for dependents stays so.
 */
export const resolveStanding = (members: readonly Member[], count: number): Standing => {
  const staying = members.filter(({ isLeaving }) => !isLeaving)
  if (count === 0 || staying.length === 0) return 'pending'
  if (staying.every(isDone)) return 'completed'
  const failed = staying.filter(hasFailed).length
  // The others do their work as long as there are any.
  if (failed === staying.length || (failed > 0 && staying.every(({ state }) => isSettled(state)))) return 'failed'
  const needed = count - failed
  if (members.filter((member) => member.state === 'ready' || member.state === 'listening' || isDone(member)).length >= needed) return 'ready'
  const isStarted = (member: Member): boolean => isDone(member) || STARTED_STATES.has(member.state)
  return members.filter(isStarted).length >= needed ? 'started' : 'pending'
}

const STARTED_STATES: ReadonlySet<ProcessState> = new Set(['running', 'ready', 'listening'])

const hasFailed = ({ state, succeeded }: Member): boolean => state === 'failed' || (state === 'completed' && !succeeded)

/** Between two of its times, a scheduled process is one that has done its work. */
const isDone = ({ state, succeeded }: Member): boolean => succeeded && (state === 'completed' || state === 'scheduled')

/** The state that says most about all of them: what fails or is in motion is news, what is at rest is not. */
export const resolvePoolState = (members: readonly Pick<Member, 'state'>[]): ProcessState => {
  const states = new Set(members.map(({ state }) => state))
  return STATES_BY_WEIGHT.find((state) => states.has(state)) ?? 'stopped'
}

const STATES_BY_WEIGHT: readonly ProcessState[] = [
  'failed',
  'backoff',
  'clearing',
  'stopping',
  'preparing',
  'starting',
  'running',
  'waiting',
  'ready',
  'listening',
  'scheduled',
  'completed',
  'stopped',
]

/** NAME, or NAME:INDEX where there may be several. */
export const renderLabel = ({ name, numprocesses }: Pick<ProcessSpec, 'name' | 'numprocesses'>, index: number): string =>
  index === 1 && numprocesses === 1 ? name : `${name}:${index}`
