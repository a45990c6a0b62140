import { expect, test } from 'vitest'
import { foreseeRestart } from '../../../runtime/supervisor/foresee-restart.ts'
import { NO_HISTORY } from '../../../runtime/supervisor/restart.ts'
import { createRecord } from '../../../runtime/supervisor/state.ts'
import type { Context, ProcessRecord } from '../../../runtime/supervisor/state.ts'
import { createInstanceSpec, createRestartSpec, createSpec } from '../../helpers/process-spec.ts'

const HOOK = { command: ['/bin/true'], ignoreFailure: false, timeoutMs: 1000 }
const NOW_MS = 100_000

const contextOf = (restart: Parameters<typeof createRestartSpec>[0] = {}, instance: Parameters<typeof createInstanceSpec>[0] = {}): Context => ({
  spec: createSpec({ restart: createRestartSpec({ policy: 'always', delayMs: 500, ...restart }) }),
  instance: createInstanceSpec(instance),
  nowMs: NOW_MS,
  epochMs: 0,
  random: 0.5,
})

const recordOf = (parts: Partial<ProcessRecord> = {}): ProcessRecord => ({
  ...createRecord(),
  state: 'ready',
  wanted: true,
  pid: 7,
  readyAtMs: NOW_MS - 60_000,
  ...parts,
})

test('whoever is ready and always restarted comes back at once, but for the ends that are declared', () => {
  const context = contextOf({ successStatuses: [0, 'SIGTERM'], preventStatuses: [2], restartStatuses: [3] })
  expect(foreseeRestart(recordOf(), context)).toEqual({ kind: 'again', unless: expect.arrayContaining([0, 'SIGTERM', 2, 3, 'SIGINT', 143]) })
})

test.each([
  ['is not ready', recordOf({ state: 'running' }), contextOf()],
  ['is being stopped', recordOf({ state: 'stopping', intent: 'stop' }), contextOf()],
  ['is never restarted', recordOf(), contextOf({ policy: 'never' })],
  ['waits for a connection', recordOf(), { ...contextOf(), spec: { ...contextOf().spec, onDemand: true } }],
  ['has a hook before its start', recordOf(), contextOf({}, { hooks: { beforeSpawn: HOOK } })],
  ['has a hook before its end is told', recordOf(), contextOf({}, { hooks: { beforeReap: HOOK } })],
  ['has a hook after its end', recordOf(), contextOf({}, { hooks: { afterReap: HOOK } })],
  ['may end in any way', recordOf(), contextOf({ successStatuses: Array.from({ length: 256 }, (_, code) => code) })],
  [
    'has ended too often',
    recordOf({ readyAtMs: NOW_MS - 10, history: { ...NO_HISTORY, failuresAtMs: [NOW_MS - 20] } }),
    contextOf({ burst: 1, delayMs: 0, windowMs: 1e9 }),
  ],
])('whoever %s does not', (_what, record, context) => {
  const foreseen = foreseeRestart(record, context)
  expect(foreseen === undefined || foreseen.kind === 'later').toBe(true)
  expect(foreseen).not.toMatchObject({ kind: 'again' })
})

test('whoever was restarted a moment ago does so later', () => {
  const record = recordOf({ readyAtMs: NOW_MS - 1000, history: { ...NO_HISTORY, attempt: 1, failuresAtMs: [NOW_MS - 1100] } })
  expect(foreseeRestart(record, contextOf())).toEqual({ kind: 'later', afterMs: 4000 })
  expect(foreseeRestart(record, { ...contextOf(), nowMs: NOW_MS + 4000 })).toMatchObject({ kind: 'again' })
  // Not even if its pause happened to be none.
  expect(foreseeRestart(record, { ...contextOf(), random: 0 })).toMatchObject({ kind: 'later' })
})

test('a hook after the start keeps nobody from it', () => {
  expect(foreseeRestart(recordOf(), contextOf({}, { hooks: { afterSpawn: HOOK } }))).toMatchObject({ kind: 'again' })
})
