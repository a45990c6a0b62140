import { expect, test } from 'vitest'
import { selectProcesses } from '../../../runtime/commands/select-processes.ts'
import type { Plan } from '../../../runtime/contract/process-spec.ts'
import { createSpec } from '../../helpers/process-spec.ts'

const after = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, { condition: 'ready', restart: false } as const]))
const PLAN: Plan = {
  processes: [
    createSpec({ name: 'db', dependsOn: {} }),
    createSpec({ name: 'api', dependsOn: after('db') }),
    createSpec({ name: 'web', dependsOn: after('api') }),
    createSpec({ name: 'tool', dependsOn: {}, autostart: false }),
  ],
  tasks: [],
  sockets: [],
  exitPolicy: 'essential',
}
const started = (selected: readonly string[] | undefined) =>
  selectProcesses(PLAN, selected)
    .processes.filter(({ autostart }) => autostart)
    .map(({ name }) => name)

test.each([
  [undefined, ['db', 'api', 'web']],
  [[], []],
  [['api'], ['db', 'api']],
  [['web'], ['db', 'api', 'web']],
  [
    ['tool', 'd*'],
    ['db', 'tool'],
  ],
])('up %j starts %j', (selected, names) => {
  expect(started(selected)).toEqual(names)
})

test('what does not exist is refused', () => {
  expect(() => started(['wep'])).toThrow('there is no process "wep", did you mean "web"?')
})
