import { expect, test } from 'vitest'
import type { SocketSpec } from '../../../runtime/contract/process-spec.ts'
import { planChange, planSocketChange } from '../../../runtime/supervisor/plan-change.ts'
import { createPlan, createSpec } from '../../helpers/process-spec.ts'

const socket = (name: string, port: number): SocketSpec => ({
  name,
  address: { kind: 'tcp', host: '127.0.0.1', port },
  mode: undefined,
  umask: undefined,
  backlog: 2048,
  reusePort: false,
  replace: false,
  interface: undefined,
})

test('processes are told apart by their digests', () => {
  const before = createPlan({ processes: ['same', 'other', 'more', 'gone'].map((name) => createSpec({ name })) })
  const after = createPlan({
    processes: [
      createSpec({ name: 'same' }),
      createSpec({ name: 'other', hash: 'x' }),
      createSpec({ name: 'more', numprocesses: 3 }),
      createSpec({ name: 'new' }),
    ],
  })
  expect(planChange(before, after)).toEqual({ kept: ['same'], changed: ['other'], scaled: ['more'], added: ['new'], removed: ['gone'] })
})

test('a socket that changed changes whoever uses it, also as standard input', () => {
  const processes = [createSpec({ name: 'a', sockets: ['web'] }), createSpec({ name: 'b', stdinSocket: 'web' }), createSpec({ name: 'c', sockets: ['api'] })]
  const before = createPlan({ processes, sockets: [socket('web', 80), socket('api', 90)] })
  const after = createPlan({ processes, sockets: [socket('web', 81), socket('api', 90)] })
  expect(planChange(before, after)).toMatchObject({ changed: ['a', 'b'], kept: ['c'] })
})

test('sockets that stay as they are stay open', () => {
  const before = createPlan({ sockets: [socket('same', 1), socket('other', 2), socket('gone', 3)] })
  const after = createPlan({ sockets: [socket('same', 1), socket('other', 20), socket('new', 4)] })
  expect(planSocketChange(before, after)).toEqual({ opened: [socket('other', 20), socket('new', 4)], closed: ['other', 'gone'] })
})
