// Whatever descendants do: with the bundle they are gone, however it ends.
import { expect, test } from 'vitest'

import { until } from '../helpers/bundle-process.ts'
import { AMOUNTS, LONG_MS } from './amounts.ts'
import { createBundle, ROLES } from './bundle.ts'
import type { Bundle, Run } from './bundle.ts'
import { pidsOf } from './processes.ts'
import { programPath } from './setup.ts'

const DESCENDANTS = 5
const descendants = (): readonly number[] => pidsOf(programPath('escapes'))

const createEscapes = (): Promise<Bundle> =>
  createBundle({ processes: { escapes: { command: [programPath('escapes')], gracefulTimeout: '100ms', restart: 'never' } } })

const startEscapes = async (bundle: Bundle): Promise<Run> => {
  const run = bundle.start()
  await run.until('all are there', () => descendants().length === DESCENDANTS)
  return run
}

test(`${AMOUNTS.repetitions} times SIGTERM: no descendant is left when the bundle has ended`, { timeout: LONG_MS }, async () => {
  await using bundle = await createEscapes()
  for (let round = 0; round < AMOUNTS.repetitions; round++) {
    const run = await startEscapes(bundle)
    run.signal('SIGTERM')
    expect(await run.ended).toBe(0)
    expect(descendants()).toEqual([])
  }
})

test.each(ROLES)(`${AMOUNTS.repetitions} times kill -9 of the %s: no descendant is left`, { timeout: LONG_MS }, async (victim) => {
  await using bundle = await createEscapes()
  let slowestMs = 0
  for (let round = 0; round < AMOUNTS.repetitions; round++) {
    const run = await startEscapes(bundle)
    process.kill(run.pidOf(victim), 'SIGKILL')
    slowestMs = Math.max(slowestMs, await until(`none is left in round ${round}`, () => descendants().length === 0, 5000))
    await run.ended
  }
  console.log(`kill -9 of the ${victim}: ${AMOUNTS.repetitions} times, the last descendant was gone after at most ${slowestMs.toFixed(0)} ms`)
  expect(slowestMs).toBeLessThan(5000)
})
