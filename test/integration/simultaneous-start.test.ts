import { afterEach, expect, test } from 'vitest'
import { createRuntime } from '../helpers/start-runtime.ts'
import type { Runtime } from '../helpers/start-runtime.ts'

let runtime: Runtime
afterEach(() => runtime.dispose())

test('of several simultaneous starts of one instance exactly one wins', async () => {
  runtime = createRuntime({ name: 'simultaneous', processes: { a: { command: ['/bin/sh', '-c', 'echo won; exec sleep 1000'] } } })
  const starts = Array.from({ length: 5 }, () => runtime.start())
  const losers = starts.map(async ({ finished }) => (await finished).status)
  const winner = await Promise.any(starts.map(async (start) => (await start.sees(/a \| won/), start)))
  const statuses = await Promise.all(losers.filter((_, index) => starts[index] !== winner))
  expect(statuses).toEqual([125, 125, 125, 125])
  winner.child.kill('SIGTERM')
  expect((await winner.finished).status).toBe(0)
})
