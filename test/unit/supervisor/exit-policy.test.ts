import { expect, test } from 'vitest'
import { resolveEnding } from '../../../runtime/supervisor/exit-policy.ts'
import type { Finished } from '../../../runtime/supervisor/exit-policy.ts'
import { createSpec } from '../../helpers/process-spec.ts'

const api = (overrides: Partial<Finished> = {}): Finished => ({
  spec: createSpec({ name: 'api', dependsOn: { migrate: { condition: 'completed_successfully', restart: false } } }),
  state: 'ready',
  succeeded: false,
  ...overrides,
})
const migrate = (overrides: Partial<Finished> = {}): Finished => ({
  spec: createSpec({ name: 'migrate' }),
  state: 'completed',
  succeeded: true,
  ...overrides,
})
const helper = (overrides: Partial<Finished> = {}): Finished => ({
  spec: createSpec({ name: 'helper', essential: false }),
  state: 'ready',
  succeeded: false,
  ...overrides,
})

test('while the essential processes run, the bundle goes on', () => {
  expect(resolveEnding('essential', [api(), helper({ state: 'failed' })])).toBeUndefined()
})

test('an essential process that ends for good ends the bundle, successful or not', () => {
  expect(resolveEnding('essential', [api({ state: 'completed', succeeded: true }), helper()])).toEqual({ kind: 'process', name: 'api' })
  expect(resolveEnding('essential', [api({ state: 'failed' }), helper()])).toEqual({ kind: 'process', name: 'api' })
})

test('a task that others wait for may end successfully, and only so', () => {
  expect(resolveEnding('essential', [api(), migrate()])).toBeUndefined()
  expect(resolveEnding('essential', [api(), migrate({ succeeded: false })])).toEqual({ kind: 'process', name: 'migrate' })
})

test('first-failure looks at everybody, and only at failures', () => {
  expect(resolveEnding('first-failure', [api({ state: 'completed', succeeded: true }), helper()])).toBeUndefined()
  expect(resolveEnding('first-failure', [api(), helper({ state: 'failed' })])).toEqual({ kind: 'process', name: 'helper' })
})

test('a named process decides alone', () => {
  const policy = { process: 'helper' }
  expect(resolveEnding(policy, [api({ state: 'failed' }), helper()])).toBeUndefined()
  expect(resolveEnding(policy, [api(), helper({ state: 'completed', succeeded: true })])).toEqual({ kind: 'process', name: 'helper' })
})

test('when all have ended there is nothing left to do, and a failure among them is told', () => {
  const done = helper({ state: 'completed', succeeded: true })
  expect(resolveEnding('essential', [done])).toEqual({ kind: 'everything' })
  expect(resolveEnding('essential', [done, helper({ state: 'failed' })])).toEqual({ kind: 'process', name: 'helper' })
})

test('whoever works with the bundle keeps it, but not from a failure that decides', () => {
  const done = helper({ state: 'completed', succeeded: true })
  expect(resolveEnding('essential', [done], true)).toBeUndefined()
  expect(resolveEnding('essential', [done, api({ state: 'failed' })], true)).toEqual({ kind: 'process', name: 'api' })
})

test('a process that was stopped by command keeps the bundle alive', () => {
  expect(resolveEnding('essential', [api({ state: 'stopped' })])).toBeUndefined()
})

test('a oneshot that nobody waits for may end successfully, too', () => {
  const once = migrate({ spec: createSpec({ name: 'cleanup', oneshot: true }) })
  expect(resolveEnding('essential', [helper(), once])).toBeUndefined()
  expect(resolveEnding('essential', [helper(), { ...once, succeeded: false }])).toEqual({ kind: 'process', name: 'cleanup' })
})

test('what only starts by command neither keeps a bundle alive that has done its work nor ends one that waits for commands', () => {
  const later = helper({ state: 'stopped', spec: createSpec({ name: 'later', autostart: false }) })
  expect(resolveEnding('essential', [later])).toBeUndefined()
  expect(resolveEnding('essential', [later, helper({ state: 'completed', succeeded: true })])).toEqual({ kind: 'everything' })
})
