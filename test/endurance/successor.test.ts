// What is started again at the end of a process while the supervisor sleeps: stopped here with SIGSTOP, so that it cannot have been the one.
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { callControl } from '../../runtime/control/client.ts'
import { ROUTES } from '../../runtime/contract/control-routes.ts'
import type { ProcessStatus } from '../../runtime/contract/control.ts'
import { until } from '../helpers/bundle-process.ts'
import { createBundle, ROLES } from './bundle.ts'
import type { Bundle, Run } from './bundle.ts'
import { pidsOf } from './processes.ts'
import { programPath, sharedDir } from './setup.ts'

const TIMEOUT_MS = 120_000
/** Much longer than everything has to be quiet before successors are named: other work may keep the supervisor from it. */
const QUIET_MS = 4000

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** A program that says when it begins and which signals it gets, with a path of its own: by that it is found. */
const createProgram = (name: string): string => {
  const path = join(sharedDir(), name)
  copyFileSync(programPath('obeys'), path)
  return path
}

const countBegun = (run: Run): number => (run.printed().match(/obeys/g) ?? []).length
const countTold = (run: Run): number => (run.printed().match(/signal 15/g) ?? []).length

/** Undefined while it does not answer. */
const statusOf = async ({ control }: Bundle, name: string): Promise<ProcessStatus | undefined> => {
  const status = await callControl(control, ROUTES.status, {}).catch(() => undefined)
  return status?.processes.find((one) => one.name === name)
}

const isReady = async (bundle: Bundle, name: string, path: string): Promise<boolean> => {
  const status = await statusOf(bundle, name)
  return status?.state === 'ready' && pidsOf(path).length === 1 && status.instances[0]?.pid === pidsOf(path)[0]
}

/** The supervisor stops, then this is done, and goes on when it is over. */
const asleep = async (run: Run, deed: () => Promise<void>): Promise<void> => {
  await pause(QUIET_MS)
  const supervisor = run.pidOf('supervisor')
  process.kill(supervisor, 'SIGSTOP')
  try {
    await deed()
  } finally {
    process.kill(supervisor, 'SIGCONT')
  }
}

/** Resolves with the number of the one that comes in its place. */
const killAndAwaitNext = async (path: string): Promise<number> => {
  const [before = 0] = pidsOf(path)
  process.kill(before, 'SIGKILL')
  await until(`another ${path}`, () => pidsOf(path).some((pid) => pid !== before), 20_000)
  return pidsOf(path).find((pid) => pid !== before) ?? 0
}

const end = async (run: Run, paths: readonly string[]): Promise<void> => {
  run.signal('SIGTERM')
  expect(await run.ended).toBe(0)
  expect(paths.flatMap(pidsOf)).toEqual([])
}

test('a process comes back while the supervisor sleeps, which then knows it as its own', { timeout: TIMEOUT_MS }, async () => {
  const web = createProgram('again')
  await using bundle = await createBundle({
    processes: { web: { command: ['/bin/sh', '-c', `echo "up as $$ $INVOCATION_ID"; exec ${web}`], restart: 'always', ready: { logLine: 'up as' } } },
  })
  const run = bundle.start()
  await run.until('it is ready', () => isReady(bundle, 'web', web))
  for (const restarts of [1, 2, 3]) {
    let next = 0
    await asleep(run, async () => {
      next = await killAndAwaitNext(web)
    })
    await run.until('it is ready again', () => isReady(bundle, 'web', web))
    const status = await statusOf(bundle, 'web')
    expect(status?.instances[0]).toMatchObject({ pid: next, restarts })
  }
  const lines = [...run.printed().matchAll(/up as (\d+) ([0-9a-f]{32})$/gm)]
  expect(lines).toHaveLength(4)
  expect(new Set(lines.map(([, , invocation]) => invocation)).size).toBe(4)
  await end(run, [web])
})

test.each([true, false])('several that end at once come back once each (the supervisor sleeps: %s)', { timeout: TIMEOUT_MS }, async (sleeps) => {
  const web = createProgram(`several-${sleeps}`)
  await using bundle = await createBundle({ processes: { web: { command: [web], restart: 'always', numprocesses: 4 } } })
  const run = bundle.start()
  await run.until('all run', () => countBegun(run) === 4)
  const killAll = async (): Promise<void> => {
    const before = pidsOf(web)
    for (const pid of before) process.kill(pid, 'SIGKILL')
    await until('others', () => pidsOf(web).filter((pid) => !before.includes(pid)).length === 4, 20_000)
  }
  if (sleeps) await asleep(run, killAll)
  else await pause(QUIET_MS).then(killAll)
  await run.until('all are known', async () => {
    const known = (await statusOf(bundle, 'web'))?.instances.flatMap(({ pid }) => pid ?? [])
    return known?.length === 4 && pidsOf(web).every((pid) => known.includes(pid)) && countBegun(run) >= 8
  })
  await end(run, [web])
  expect([countBegun(run), countTold(run)]).toEqual([8, 4])
})

test('a stop that was asked for meanwhile stops it, as is declared', { timeout: TIMEOUT_MS }, async () => {
  const web = createProgram('stopped')
  await using bundle = await createBundle({ processes: { web: { command: [web], restart: 'always' }, keeper: { command: ['/bin/sleep', '1000'] } } })
  const run = bundle.start()
  await run.until('it is ready', () => isReady(bundle, 'web', web))
  let stopped: Promise<unknown> | undefined
  await asleep(run, async () => {
    stopped = callControl(bundle.control, ROUTES.stop, { processes: ['web'] })
    await killAndAwaitNext(web)
  })
  await stopped
  await run.until('nothing of it runs', () => pidsOf(web).length === 0)
  expect((await statusOf(bundle, 'web'))?.state).toBe('stopped')
  // Who was killed was told nothing.
  expect([countBegun(run), countTold(run)]).toEqual([2, 1])
  await end(run, [web])
})

test('whoever depends on one that has ended, too, waits for it', { timeout: TIMEOUT_MS }, async () => {
  const [db, web] = [createProgram('db'), createProgram('web')]
  await using bundle = await createBundle({
    processes: {
      db: { command: ['/bin/sh', '-c', `sleep 0.3; echo "db is up"; exec ${db}`], restart: 'always', ready: { logLine: 'db is up' } },
      web: { command: ['/bin/sh', '-c', `echo "web is up"; exec ${web}`], restart: 'always', dependsOn: { db: 'ready' } },
    },
  })
  const run = bundle.start()
  await run.until('both are ready', async () => (await isReady(bundle, 'db', db)) && isReady(bundle, 'web', web))
  const already = run.printed().length
  let next = 0
  await asleep(run, async () => {
    process.kill(pidsOf(web)[0] ?? 0, 'SIGKILL')
    next = await killAndAwaitNext(db)
    expect(pidsOf(web)).toEqual([])
  })
  await run.until('both are ready again', async () => (await isReady(bundle, 'db', db)) && isReady(bundle, 'web', web))
  expect(pidsOf(db)).toEqual([next])
  expect(
    run
      .printed()
      .slice(already)
      .match(/(?:db|web) is up/g),
  ).toEqual(['db is up', 'web is up'])
  await end(run, [db, web])
})

test('a configuration that is read again changes nothing about it', { timeout: TIMEOUT_MS }, async () => {
  const web = createProgram('reread')
  await using bundle = await createBundle({ processes: { web: { command: [web], restart: 'always' } } })
  const run = bundle.start()
  await run.until('it is ready', () => isReady(bundle, 'web', web))
  await pause(QUIET_MS)
  run.signal('SIGHUP')
  await run.until('it is read', () => /configuration read again/.test(run.printed()))
  await killAndAwaitNext(web)
  await run.until('it is known', () => isReady(bundle, 'web', web))
  await end(run, [web])
  expect([countBegun(run), countTold(run)]).toEqual([2, 1])
})

test('SIGTERM to everybody at once, as a service manager sends it, starts nobody', { timeout: TIMEOUT_MS }, async () => {
  const web = createProgram('everybody')
  await using bundle = await createBundle({ processes: { web: { command: [web], restart: 'always', numprocesses: 3 } } })
  const run = bundle.start()
  await run.until('all run', () => countBegun(run) === 3)
  await pause(QUIET_MS)
  for (const pid of [...ROLES.toReversed().map(run.pidOf), ...pidsOf(web)]) process.kill(pid, 'SIGTERM')
  expect(await run.ended).toBe(0)
  expect(pidsOf(web)).toEqual([])
  expect(countBegun(run)).toBe(3)
})

test('whoever leaves somebody behind is not started before that one is gone', { timeout: TIMEOUT_MS }, async () => {
  const [web, stray] = [createProgram('leaves'), createProgram('stray')]
  await using bundle = await createBundle({
    processes: { web: { command: ['/bin/sh', '-c', `setsid ${stray} & exec ${web}`], restart: 'always' } },
  })
  const run = bundle.start()
  await run.until('it is ready', () => isReady(bundle, 'web', web))
  const [left = 0] = pidsOf(stray)
  await asleep(run, async () => {
    process.kill(pidsOf(web)[0] ?? 0, 'SIGKILL')
    await pause(500)
    expect(pidsOf(web)).toEqual([])
  })
  await run.until('it is ready again', () => isReady(bundle, 'web', web))
  expect(pidsOf(stray)).toHaveLength(1)
  expect(pidsOf(stray)).not.toContain(left)
  await end(run, [web, stray])
})

test('an end that completes it is the end of it', { timeout: TIMEOUT_MS }, async () => {
  const web = createProgram('completes')
  const go = join(sharedDir(), 'completes.go')
  const script = `echo begins; ${web} & until [ -e ${go} ]; do sleep 0.02; done; kill $!; wait; exit 0`
  await using bundle = await createBundle({ processes: { web: { command: ['/bin/sh', '-c', script], restart: 'on-failure' } } })
  const run = bundle.start()
  await run.until('it runs', () => pidsOf(web).length === 1)
  await asleep(run, async () => {
    writeFileSync(go, '')
    await until('it has ended', () => pidsOf(web).length === 0, 20_000)
    await pause(500)
    expect(pidsOf(web)).toEqual([])
  })
  expect(await run.ended).toBe(0)
  expect(run.printed().match(/begins/g)).toHaveLength(1)
})
