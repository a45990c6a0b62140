import { expect, test } from 'vitest'
import { describePlan, planWaves } from '../../../runtime/control/plan-view.ts'
import type { Plan } from '../../../runtime/contract/process-spec.ts'
import { createSpec } from '../../helpers/process-spec.ts'

const after = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, { condition: 'ready', restart: false } as const]))

const step = (waitMs: number) => [{ signal: 'SIGTERM', waitMs } as const]

test('processes of a wave wait for those of earlier ones; within it the larger priority is first', () => {
  const specs = [
    createSpec({ name: 'web', dependsOn: after('api', 'cache') }),
    createSpec({ name: 'api', dependsOn: after('db') }),
    createSpec({ name: 'db', dependsOn: {} }),
    createSpec({ name: 'cache', dependsOn: {}, priority: 5 }),
  ]
  expect(planWaves(specs)).toEqual([['cache', 'db'], ['api'], ['web']])
})

test('a stop takes as long as the slowest of each wave', () => {
  const processes = [
    createSpec({ name: 'db', dependsOn: {}, stopSteps: step(1000) }),
    createSpec({ name: 'cache', dependsOn: {}, stopSteps: step(3000) }),
    createSpec({ name: 'web', dependsOn: after('db'), stopSteps: [...step(500), ...step(1500)] }),
  ]
  const plan: Plan = { processes, tasks: [], sockets: [], exitPolicy: { process: 'web' } }
  expect(describePlan(plan, (text) => text)).toMatchObject({ stopDeadlineMs: 5000, exitPolicy: 'process web', waves: [['db', 'cache'], ['web']] })
})

test('every text of a process passes the mask, with the name of its variable', () => {
  const run = { ...createSpec().planInstance({ index: 1, socketAddresses: new Map() }).run, command: ['x', 'secret'], environment: { NAME: 'value' } }
  const instance = { ...createSpec().planInstance({ index: 1, socketAddresses: new Map() }), run }
  const plan: Plan = { processes: [createSpec({ planInstance: () => instance })], tasks: [], sockets: [], exitPolicy: 'essential' }
  const [view] = describePlan(plan, (text, name) => `<${text} ${name ?? ''}>`).processes
  expect(view?.command).toEqual(['<x >', '<secret >'])
  expect(view?.environment).toEqual({ NAME: '<value NAME>' })
})
