import { expect, test } from 'vitest'
import type { InstanceSpec } from '../../../runtime/contract/process-spec.ts'
import { planRunRequest } from '../../../runtime/supervisor/runner-plan.ts'
import { createInstanceSpec, createSpec } from '../../helpers/process-spec.ts'

const ID = 'abcdef0123456789abcdef0123456789'
const plan = (instance: Partial<InstanceSpec> = {}, spec: Parameters<typeof createSpec>[0] = {}) =>
  planRunRequest({
    name: { process: 'web', index: 2, label: 'web:2' },
    spec: createSpec(spec),
    instance: createInstanceSpec(instance),
    invocationId: ID,
    fifosDir: '/run/f',
    uid: 1000,
  })
const NOTIFY = { check: { kind: 'notify' }, intervalMs: 1, timeoutMs: 1 } as const
const AS = (uid: number): InstanceSpec['run'] => ({ ...createInstanceSpec().run, identity: { uid, gid: uid, groups: [] } })

test('every run knows which one it is', () => {
  expect(plan().run.environment).toEqual({ INVOCATION_ID: ID, NIXPACK_PROCESS: 'web', NIXPACK_INDEX: '2' })
})

test('output goes into pipes, unless nobody wants it', () => {
  expect(plan()).toMatchObject({ stdin: 'null', stdout: 'pipe', stderr: 'pipe' })
  expect(plan({ stdout: { kind: 'null' } })).toMatchObject({ stdout: 'null', stderr: 'pipe' })
})

test('sockets are handed over in their order, and one may be the standard input', () => {
  expect(plan({}, { sockets: ['b', 'a'], stdinSocket: 'c' })).toMatchObject({ sockets: ['b', 'a'], stdin: { socket: 'c' } })
})

test('a notify socket is made only for whoever is to speak there', () => {
  expect(plan().notifySocketPath).toBeUndefined()
  expect(plan({ startup: NOTIFY }).notifySocketPath).toBe('/run/f/abcde')
})

test('another user cannot enter our directory and gets a name that nobody can guess', () => {
  expect(plan({ startup: NOTIFY, run: AS(1000) }).notifySocketPath).toBe('/run/f/abcde')
  expect(plan({ startup: NOTIFY, run: AS(33) }).notifySocketPath).toBe(`@nixpack/${ID}`)
})

test('a watchdog is announced in microseconds, with a socket to speak to', () => {
  const liveness = {
    check: { kind: 'watchdog', periodMs: 1500 },
    intervalMs: 1,
    timeoutMs: 1,
    initialDelayMs: 0,
    failureThreshold: 1,
    action: 'restart',
  } as const
  const { run, notifySocketPath } = plan({ liveness })
  expect(run.environment['WATCHDOG_USEC']).toBe('1500000')
  expect(notifySocketPath).toBeDefined()
})

test('the descriptor of readiness is the one that is declared', () => {
  expect(plan({ startup: { ...NOTIFY, check: { kind: 'fd', fd: 5 } } }).readyFd).toBe(5)
  expect(plan().readyFd).toBeUndefined()
})
