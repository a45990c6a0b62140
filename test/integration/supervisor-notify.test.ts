import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { InstanceSpec, ProcessSpec } from '../../runtime/contract/process-spec.ts'
import { createInstanceSpec, createRestartSpec } from '../helpers/process-spec.ts'
import { buildProgram } from '../helpers/c-program.ts'
import { createRuntime } from '../helpers/start-runtime.ts'
import { declare, FOREVER, sh, startSupervisor } from '../helpers/start-supervisor.ts'
import type { StartedSupervisor } from '../helpers/start-supervisor.ts'

const MAIN = join(import.meta.dirname, '../../runtime/main.ts')
const READY: InstanceSpec['ready'] = { check: { kind: 'notify' }, intervalMs: 50, timeoutMs: 30_000, recheckMs: undefined, failureThreshold: 1 }

let dir = ''
let notifies = ''
beforeAll(() => {
  dir = mkdtempSync('/tmp/nixpack-test-')
  notifies = buildProgram(join(import.meta.dirname, '../programs/notifies.c'), dir)
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

let started: StartedSupervisor | undefined
afterEach(async () => {
  await started?.dispose()
  started = undefined
})
const start = async (...processes: readonly ProcessSpec[]): Promise<StartedSupervisor> => (started = await startSupervisor({ processes }))
const statusText = ({ supervisor }: StartedSupervisor): string | null | undefined => supervisor.status()[0]?.instances[0]?.statusText

test('READY=1 makes it ready, and STATUS is shown', async () => {
  const all = await start(declare('web', [notifies, '+50', 'READY=1\nSTATUS=serving'], { instance: { ready: READY } }))
  await all.supervisor.arrived
  expect(all.stateOf('web')).toBe('ready')
  expect(statusText(all)).toBe('serving')
})

test('what it says about reloading and stopping is shown', async () => {
  const all = await start(declare('web', [notifies, 'READY=1', '+50', 'RELOADING=1', '+50', 'READY=1', '+50', 'STOPPING=1'], { instance: { ready: READY } }))
  const heard: (string | null | undefined)[] = []
  await all.when(() => {
    const text = statusText(all)
    if (heard.at(-1) !== text) heard.push(text)
    return text === 'it is stopping' ? true : undefined
  })
  expect(all.stateOf('web')).toBe('ready')
})

test('a start that asks for more time gets it', async () => {
  const ready = { ...READY, timeoutMs: 300 }
  const { when, stateOf, supervisor } = await start(declare('web', [notifies, 'EXTEND_TIMEOUT_USEC=30000000', '+600', 'READY=1'], { instance: { ready } }))
  await when(() => (stateOf('web') === 'ready' ? true : undefined))
  expect(supervisor.status()[0]?.counters.starts).toBe(1)
})

test('a start that says nothing is ended in its time, with the reason', async () => {
  const web = declare('web', sh(FOREVER), { instance: { ready: { ...READY, timeoutMs: 100 } }, restart: createRestartSpec({ policy: 'never' }) })
  const { when, stateOf, supervisor } = await start(web, declare('rest', sh(FOREVER)))
  await when(() => (stateOf('web') === 'failed' ? true : undefined))
  expect(supervisor.events.since(0).events.map(({ text }) => text)).toContain('it did not say READY=1')
})

test('a watchdog that falls silent ends the run, and another one begins', async () => {
  const liveness = {
    check: { kind: 'watchdog', periodMs: 300 },
    intervalMs: 1,
    timeoutMs: 1,
    initialDelayMs: 0,
    failureThreshold: 1,
    action: 'restart',
  } as const
  const { when, said, supervisor } = await start(
    declare('web', [notifies, 'WATCHDOG=1', '+100', 'WATCHDOG=1', '+100', 'WATCHDOG=1'], { instance: { liveness } }),
  )
  await when(() => ((supervisor.status()[0]?.counters.restarts ?? 0) >= 2 ? true : undefined))
  expect(said.join('\n')).toContain('web is being stopped: it did not say WATCHDOG=1 for 300 ms')
})

test('WATCHDOG=trigger is as good as silence', async () => {
  const liveness = {
    check: { kind: 'watchdog', periodMs: 60_000 },
    intervalMs: 1,
    timeoutMs: 1,
    initialDelayMs: 0,
    failureThreshold: 1,
    action: { signal: 'SIGUSR1' },
  } as const
  const { when, supervisor } = await start(declare('web', [notifies, '+50', 'WATCHDOG=trigger'], { instance: { liveness } }))
  await when(() => (supervisor.status()[0]?.lastExit === 'was killed by SIGUSR1' ? true : undefined))
  expect(supervisor.events.since(0).events.map(({ text }) => text)).toContain('it said WATCHDOG=trigger')
})

test('another main process: the run ends when that one does', async () => {
  const script = `sleep 1000 & main=$!; ${notifies} "READY=1\nMAINPID=$main" & sleep 0.3; exit 0`
  const all = await start(declare('web', ['/bin/sh', '-c', script], { instance: { ready: READY } }))
  const { supervisor, when, stateOf } = all
  await supervisor.arrived
  const mainPid = supervisor.status()[0]?.pid ?? 0
  // The leader is gone by now; what it named goes on.
  await new Promise((resolve) => setTimeout(resolve, 600))
  expect(stateOf('web')).toBe('ready')
  process.kill(mainPid, 'SIGKILL')
  await when(() => (supervisor.status()[0]?.state !== 'ready' ? true : undefined))
})

test('upwards the bundle speaks the same protocol: ready, how it is, reloading, stopping', async () => {
  const runtime = createRuntime({ processes: { a: { command: sh(FOREVER) }, b: { command: sh(FOREVER), dependsOn: { a: 'ready' } } } })
  const environment = {
    NIXPACK_RUN_DIR: runtime.runDir,
    NIXPACK_RUNTIME: join(runtime.dir, 'runtime'),
    NIXPACK_ENTRYPOINT: join(runtime.dir, 'entrypoint'),
  }
  const bundle = declare('bundle', [process.execPath, MAIN], { instance: { ready: READY, run: { ...createInstanceSpec().run, environment } } })
  const all = await start(bundle)
  const heard = new Set<string>()
  const hear = (text: string) => (): true | undefined => {
    heard.add(statusText(all) ?? '')
    return heard.has(text) ? true : undefined
  }
  await all.supervisor.arrived
  await all.when(hear('2 of 2 processes are ready'))
  process.kill(all.pidsOf('bundle')[0] ?? 0, 'SIGHUP')
  await all.when(hear('it is reloading'))
  await all.when(() => (statusText(all) === '2 of 2 processes are ready' ? true : undefined))
  await all.supervisor.stop(['bundle'])
  expect([...heard]).toContain('2 of 2 processes are ready')
  await runtime.dispose()
})
