import { expect, test } from 'vitest'
import {
  isIdle,
  isSettled,
  planStopDeadlineMs,
  planWaves,
  resolveDependencies,
  resolveDependents,
  resolveReadiness,
  resolveRestarted,
  resolveStoppable,
} from '../../../runtime/supervisor/graph.ts'
import type { Standing } from '../../../runtime/supervisor/graph.ts'
import { PROCESS_STATES } from '../../../runtime/contract/control.ts'
import type { ProcessState } from '../../../runtime/contract/control.ts'
import type { Dependency } from '../../../runtime/contract/process-spec.ts'
import { createSpec } from '../../helpers/process-spec.ts'

const on = (condition: Dependency['condition'], restart = false): Dependency => ({ condition, restart })

const SPECS = [
  createSpec({ name: 'web', dependsOn: { api: on('started', true) } }),
  createSpec({ name: 'redis' }),
  createSpec({ name: 'api', dependsOn: { redis: on('ready', true), migrate: on('completed_successfully') } }),
  createSpec({ name: 'migrate', dependsOn: { redis: on('ready') } }),
]
const STOP_TIMES = new Map([
  ['web', 1000],
  ['redis', 5000],
  ['api', 2000],
  ['migrate', 100],
])

test('waves follow the dependencies', () => {
  expect(planWaves(SPECS)).toEqual([['redis'], ['migrate'], ['api'], ['web']])
})

test('within a wave the larger priority comes first', () => {
  const specs = [createSpec({ name: 'a' }), createSpec({ name: 'b', priority: 20 }), createSpec({ name: 'c', priority: 30, dependsOn: { a: on('ready') } })]
  expect(planWaves(specs)).toEqual([['b', 'a'], ['c']])
})

test('dependents are those that name the process', () => {
  expect(resolveDependents(SPECS, 'redis')).toEqual(['api', 'migrate'])
})

test('restarts spread along the edges that say so, and no further', () => {
  expect(resolveRestarted(SPECS, 'redis')).toEqual(['api', 'web'])
  expect(resolveRestarted(SPECS, 'migrate')).toEqual([])
})

test('a task needs what its dependencies need', () => {
  expect(resolveDependencies(SPECS, ['web']).toSorted()).toEqual(['api', 'migrate', 'redis'])
})

test('the stop deadline is the longest chain of grace times', () => {
  expect(planStopDeadlineMs(SPECS, (name) => STOP_TIMES.get(name) ?? 0)).toBe(8100)
})

const MET_BY = {
  started: ['started', 'ready', 'completed'],
  ready: ['ready', 'completed'],
  completed_successfully: ['completed'],
} as const
const STANDINGS: readonly Standing[] = ['pending', 'started', 'ready', 'completed', 'failed']

test.each(['started', 'ready', 'completed_successfully'] as const)('condition %s over everything that a process may be', (condition) => {
  const spec = createSpec({ dependsOn: { other: on(condition) } })
  expect(STANDINGS.filter((standing) => resolveReadiness(spec, () => standing).kind === 'met')).toEqual(MET_BY[condition])
})

test('a dependency that has failed fails the dependent, by name', () => {
  expect(resolveReadiness(createSpec({ dependsOn: { other: on('completed_successfully') } }), () => 'failed')).toEqual({
    kind: 'failed',
    reason: '"other" ended, and it had to be completed successfully',
  })
})

const stoppable = (leaving: readonly string[], stateOf: (name: string) => ProcessState) =>
  resolveStoppable({ nodes: SPECS, leaving, isIdle: (name) => isIdle(stateOf(name)), isSettled: (name) => isSettled(stateOf(name)) })

test('a stop begins with those nobody depends on', () => {
  const names = SPECS.map(({ name }) => name)
  expect(stoppable(names, () => 'ready')).toEqual(['web'])
  expect(stoppable(names, (name) => (name === 'web' ? 'stopped' : 'ready'))).toEqual(['api'])
})

test('dependents outside the group do not hold up its stop', () => {
  expect(stoppable(['redis'], () => 'ready')).toEqual(['redis'])
})

test('what does not run needs no order to stop', () => {
  expect(stoppable(['redis', 'api'], (name) => (name === 'redis' ? 'backoff' : 'ready'))).toEqual(['redis', 'api'])
})

test('idle is what has no run in any form', () => {
  expect(PROCESS_STATES.filter(isIdle)).toEqual(['stopped', 'waiting', 'scheduled', 'listening', 'backoff', 'completed', 'failed'])
})
