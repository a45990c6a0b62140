// A bundle whose spawner is killed: it cannot start or stop anything any more.
import { execFileSync } from 'node:child_process'
import { afterEach, expect, test } from 'vitest'
import { createRuntime, isAlive } from '../helpers/start-runtime.ts'
import type { Runtime } from '../helpers/start-runtime.ts'

let runtime: Runtime | undefined
afterEach(async () => {
  await runtime?.dispose()
  runtime = undefined
})

test('SPAWNER_LOST: kill -9 of the spawner ends the bundle with status 125 and leaves nothing, not even who ignores SIGTERM', async () => {
  runtime = createRuntime({
    processes: {
      plain: { command: ['/bin/sh', '-c', 'echo plain $$; while :; do sleep 1; done'] },
      stubborn: { command: ['/bin/sh', '-c', 'trap "" TERM; echo stubborn $$; while :; do sleep 1; done'] },
    },
  })
  const up = runtime.start()
  const pids = await Promise.all([up.sees(/plain (\d+)/), up.sees(/stubborn (\d+)/)])
  execFileSync('pkill', ['-KILL', '-x', 'nixpack-spawner', '-P', String(up.child.pid)])
  const { status, stderr } = await up.finished
  expect(status).toBe(125)
  expect(stderr).toContain('cannot go on: the spawner is lost: it was killed by SIGKILL  [NIXPACK_SPAWNER_LOST]')
  expect(pids.map((match) => isAlive(Number(match[1])))).toEqual([false, false])
})
