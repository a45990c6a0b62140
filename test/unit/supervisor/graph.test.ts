import { expect, test } from 'vitest'
import { planStopDeadlineMs, planWaves, resolveDependents, resolveReadiness, resolveStoppable } from '../../../runtime/supervisor/graph.ts'
import { PROCESS_STATES } from '../../../runtime/contract/control.ts'
import { createSpec } from '../../helpers/process-spec.ts'

const SPECS = [
  createSpec({ name: 'web', dependsOn: { api: 'started' }, gracefulTimeoutMs: 1000 }),
  createSpec({ name: 'redis', gracefulTimeoutMs: 5000 }),
  createSpec({ name: 'api', dependsOn: { redis: 'ready', migrate: 'completed_successfully' }, gracefulTimeoutMs: 2000 }),
  createSpec({ name: 'migrate', dependsOn: { redis: 'ready' }, gracefulTimeoutMs: 100 }),
]

test('waves follow the dependencies', () => {
  expect(planWaves(SPECS)).toEqual([['redis'], ['migrate'], ['api'], ['web']])
})

test('dependents are those that name the process', () => {
  expect(resolveDependents(SPECS, 'redis')).toEqual(['api', 'migrate'])
})

test('the stop deadline is the longest chain of grace times', () => {
  expect(planStopDeadlineMs(SPECS)).toBe(8100)
})

const MET_BY = {
  started: ['running', 'ready', 'completed'],
  ready: ['ready', 'completed'],
  completed_successfully: ['completed'],
} as const

test.each(['started', 'ready', 'completed_successfully'] as const)('condition %s over all states', (condition) => {
  const spec = createSpec({ dependsOn: { other: condition } })
  const met = PROCESS_STATES.filter((state) => resolveReadiness(spec, () => ({ state, succeeded: true })).kind === 'met')
  expect(met).toEqual(MET_BY[condition])
})

test.each(['failed', 'completed'] as const)('a dependency that is %s without success fails the dependent, by name', (state) => {
  expect(resolveReadiness(createSpec({ dependsOn: { other: 'ready' } }), () => ({ state, succeeded: false }))).toEqual({
    kind: 'failed',
    reason: '"other" ended, and it had to be ready',
  })
})

test('a stop begins with those nobody depends on', () => {
  const names = SPECS.map(({ name }) => name)
  expect(resolveStoppable(SPECS, names, () => 'ready')).toEqual(['web'])
  expect(resolveStoppable(SPECS, names, (name) => (name === 'web' ? 'stopped' : 'ready'))).toEqual(['api'])
})

test('dependents outside the group do not hold up its stop', () => {
  expect(resolveStoppable(SPECS, ['redis'], () => 'ready')).toEqual(['redis'])
})

test('what does not run needs no order to stop', () => {
  expect(resolveStoppable(SPECS, ['redis', 'api'], (name) => (name === 'redis' ? 'backoff' : 'ready'))).toEqual(['redis', 'api'])
})
