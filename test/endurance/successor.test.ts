// What is started again at the end of a process while the supervisor sleeps: stopped here with SIGSTOP, so that it cannot have been the one.
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { callControl } from '../../runtime/control/client.ts'
import { ROUTES } from '../../runtime/contract/control-routes.ts'
import type { ProcessStatus } from '../../runtime/contract/control.ts'
import { until } from '../helpers/bundle-process.ts'
import { createBundle } from './bundle.ts'
import type { Bundle, Run } from './bundle.ts'
import { pidsOf } from './processes.ts'
import { sharedDir } from './setup.ts'

const TIMEOUT_MS = 120_000
/** Longer than everything has to be quiet before successors are named. */
const QUIET_MS = 2000

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** A program that sleeps, with a path of its own: by that it is found. */
const createSleeper = (name: string): string => {
  const path = join(sharedDir(), name)
  copyFileSync('/bin/sleep', path)
  chmodSync(path, 0o755)
  return path
}

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
  const web = createSleeper('again')
  await using bundle = await createBundle({
    processes: { web: { command: ['/bin/sh', '-c', `echo "up as $$ $INVOCATION_ID"; exec ${web} 1000`], restart: 'always', ready: { logLine: 'up as' } } },
  })
  const run = bundle.start()
  await run.until('it is ready', () => isReady(bundle, 'web', web))
  for (const restarts of [1, 2, 3]) {
    // Only after a stable run the next one comes at once.
    await pause(5000)
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

test('a stop that was asked for meanwhile stops it', { timeout: TIMEOUT_MS }, async () => {
  const web = createSleeper('stopped')
  await using bundle = await createBundle({ processes: { web: { command: [web, '1000'], restart: 'always' }, keeper: { command: ['/bin/sleep', '1000'] } } })
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
  await end(run, [web])
})

test('whoever depends on another one that has ended, too, waits for it', { timeout: TIMEOUT_MS }, async () => {
  const [db, web] = [createSleeper('db'), createSleeper('web')]
  await using bundle = await createBundle({
    processes: {
      db: { command: ['/bin/sh', '-c', `sleep 0.3; echo "db is up"; exec ${db} 1000`], restart: 'always', ready: { logLine: 'db is up' } },
      web: { command: ['/bin/sh', '-c', `echo "web is up"; exec ${web} 1000`], restart: 'always', dependsOn: { db: 'ready' } },
    },
  })
  const run = bundle.start()
  await run.until('both are ready', async () => (await isReady(bundle, 'db', db)) && isReady(bundle, 'web', web))
  const already = run.printed().length
  await asleep(run, async () => {
    process.kill(pidsOf(db)[0] ?? 0, 'SIGKILL')
    await until('db is gone', () => pidsOf(db).length === 0, 20_000)
    await killAndAwaitNext(web)
  })
  await run.until('both are ready again', async () => (await isReady(bundle, 'db', db)) && isReady(bundle, 'web', web))
  const lines = run.printed().slice(already)
  expect(lines.match(/(?:db|web) is up/g)).toEqual(['db is up', 'web is up'])
  await end(run, [db, web])
})

test('whoever leaves somebody behind is not started before that one is gone', { timeout: TIMEOUT_MS }, async () => {
  const [web, stray] = [createSleeper('leaves'), createSleeper('stray')]
  await using bundle = await createBundle({
    processes: { web: { command: ['/bin/sh', '-c', `setsid ${stray} 1000 & exec ${web} 1000`], restart: 'always' } },
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
  const web = createSleeper('completes')
  const go = join(sharedDir(), 'completes.go')
  const script = `echo begins; ${web} 1000 & until [ -e ${go} ]; do sleep 0.02; done; kill $!; wait; exit 0`
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
