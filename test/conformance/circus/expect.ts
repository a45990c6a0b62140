// What many rows ask of a running bundle. Not vitest's `expect`: docs/generate.ts reads the rows, too.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

import type { ProcessStatus } from '../../../runtime/contract/control.ts'
import { until } from '../../helpers/bundle-process.ts'
import type { Daemon, Finished } from './daemon.ts'

/** circus says "active". */
export const isActive = ({ state }: ProcessStatus): boolean => state === 'running' || state === 'ready'

export const assertState = async (daemon: Daemon, name: string, state: ProcessStatus['state']): Promise<void> =>
  assert.equal((await daemon.process(name)).state, state, `state of ${name}`)

/** Waits until so many instances run, and returns their pids. */
export const waitForPids = async (daemon: Daemon, name: string, count: number): Promise<readonly number[]> => {
  await daemon.until(name, `${count} instances`, (status) => status.instances.filter(({ pid, state }) => pid !== null && state !== 'stopping').length === count)
  return daemon.pids(name)
}

export const assertDisjoint = (left: readonly number[], right: readonly number[]): void =>
  assert.deepEqual(
    left.filter((pid) => right.includes(pid)),
    [],
    'pids that are still the same',
  )

export const assertRefused = (finished: Finished, pattern: RegExp, status?: number): void => {
  assert.notEqual(finished.status, 0, finished.stdout)
  if (status !== undefined) assert.equal(finished.status, status, finished.stderr)
  assert.match(finished.stderr, pattern)
}

/** False for zombies, too. */
export const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    // ENOENT: gone.
    return false
  }
}

export const waitForEnd = async (pid: number): Promise<void> => void (await until(`process ${pid} is gone`, () => !isAlive(pid), 30_000))

/** Waits until a file holds it; there is no event for what others write. */
export const waitForText = async (path: string, pattern: RegExp): Promise<string> => {
  const read = (): string => {
    try {
      return readFileSync(path, 'utf8')
    } catch {
      // Not written yet.
      return ''
    }
  }
  await until(`${path} holds ${String(pattern)}`, () => pattern.test(read()), 30_000)
  return read()
}

export const spawnCount = (daemon: Daemon, name: string): number => daemon.events.filter(({ kind, process }) => kind === 'spawned' && process === name).length

export const waitForSpawns = async (daemon: Daemon, name: string, count: number): Promise<void> => {
  await daemon.event(`spawn ${count} of ${name}`, () => spawnCount(daemon, name) >= count)
}
