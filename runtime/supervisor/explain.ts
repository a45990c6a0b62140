// Why a process is in its state: what it waits for, who waits for it, what was last heard of it. Pure.

import type { Explanation, ProcessStatus } from '../contract/control.ts'
import type { ProcessSpec } from '../contract/process-spec.ts'
import { judge, renderCondition, resolveDependents } from './graph.ts'
import type { Standing } from './graph.ts'

export type ExplanationRequest = {
  readonly spec: ProcessSpec
  readonly specs: readonly ProcessSpec[]
  readonly status: ProcessStatus
  readonly standingOf: (name: string) => Standing
  readonly stateOf: (name: string) => ProcessStatus['state']
  readonly changes: Explanation['changes']
  readonly lastLines: readonly string[]
}

export const createExplanation = (request: ExplanationRequest): Explanation => {
  const { spec, specs, status, standingOf, stateOf, changes, lastLines } = request
  const waitingFor = Object.entries(spec.dependsOn).map(([name, { condition }]) => ({
    process: name,
    condition,
    state: stateOf(name),
    met: judge(standingOf(name), condition) === 'met',
  }))
  return {
    name: spec.name,
    summary: renderSummary(spec, status, waitingFor),
    status,
    waitingFor,
    neededBy: [...resolveDependents(specs, spec.name)],
    restartPolicy: renderPolicy(spec),
    changes: [...changes],
    lastLines: [...lastLines],
  }
}

const renderSummary = ({ dependsOn }: ProcessSpec, status: ProcessStatus, waitingFor: Explanation['waitingFor']): string => {
  const { name, state, wanted, lastExit } = status
  const unmet = waitingFor.filter(({ met }) => !met)
  if (state === 'waiting' && unmet.length > 0) {
    const needs = unmet.map((one) => `"${one.process}" to be ${renderCondition(dependsOn[one.process]?.condition ?? 'ready')} (it is ${one.state})`)
    return `${name} waits for ${needs.join(' and ')}`
  }
  const details = [
    status.reason,
    lastExit === null || isSaid(lastExit, status.reason) ? '' : `the last run ${lastExit}`,
    status.nextStartInMs === null ? '' : `the next one begins in ${(status.nextStartInMs / 1000).toFixed(1)} s`,
    state === 'stopped' && !wanted ? 'nobody wants it to run' : '',
  ].filter((text) => text !== '')
  return `${name} is ${STATE_WORDS[state] ?? state}${details.length === 0 ? '' : `: ${details.join('; ')}`}`
}

/** One of the two is a part of the other. */
const isSaid = (lastExit: string, reason: string): boolean => reason.includes(lastExit) || (reason !== '' && lastExit.includes(reason))

const STATE_WORDS: Partial<Record<ProcessStatus['state'], string>> = {
  running: 'running but not ready',
  waiting: 'about to start',
  scheduled: 'waiting for its time',
  listening: 'waiting for the first connection',
  backoff: 'waiting before it is started again',
  clearing: 'ending what it has left behind',
}

export const renderPolicy = ({ restart, oneshot, schedule, onDemand }: ProcessSpec): string => {
  const limit = renderLimit(restart)
  const words = {
    never: 'not started again',
    'on-failure': `started again when it fails, ${limit}`,
    always: `started again, ${limit}`,
  }[restart.policy]
  const special = [
    oneshot ? 'done when it has succeeded' : '',
    schedule === undefined ? '' : `runs at its times (${schedule.text})`,
    onDemand ? 'runs at the first connection' : '',
  ].filter((text) => text !== '')
  return [...special, words].join('; ')
}

const renderLimit = ({ burst, windowMs, flapping }: ProcessSpec['restart']): string => {
  if (flapping !== undefined) {
    const tries = flapping.maxRetry < 0 ? 'without end' : `${flapping.maxRetry} times`
    return `with a pause of ${flapping.retryInMs / 1000} s after ${flapping.attempts} ends within ${flapping.windowMs / 1000} s, ${tries}`
  }
  return burst < 0 ? 'without end' : `at most ${burst} times within ${windowMs / 1000} s`
}
