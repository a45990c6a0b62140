// A process that crashes again and again costs nothing that remains.
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { AMOUNTS, LONG_MS } from './amounts.ts'
import { createBundle } from './bundle.ts'
import { kilobytesOf, ownHoldings, settledHoldings } from './holdings.ts'
import { pidsOf, zombiesBelow } from './processes.ts'
import { programPath, sharedDir } from './setup.ts'

/** Before these nothing is compared: memory that is allocated once, however many there are. */
const WARM_UP = 100
const GROWTH_KB = 5000

test(`${AMOUNTS.cycles} crashes and restarts: no descriptor, no zombie, at most 5 MB`, { timeout: LONG_MS }, async () => {
  const [counter, limit, program] = [join(sharedDir(), 'counter'), join(sharedDir(), 'limit'), programPath('crashes')]
  await using bundle = await createBundle({
    processes: {
      crashes: { command: [program, counter, limit], restart: 'always', restartDelay: '1ms', restartDelayMax: '1ms', restartBurst: -1, restartWindow: '1s' },
    },
  })
  writeFileSync(counter, '')
  writeFileSync(limit, String(WARM_UP))
  const run = bundle.start()
  const reaches = async (count: number): Promise<void> => {
    await run.until(`${count} crashes`, () => statSync(counter).size >= count, 30_000 + count * 100)
    // Whoever waits now is the one that comes after the last crash.
    await run.until('the last one runs', () => pidsOf(program).length === 1)
  }
  await reaches(WARM_UP)
  const before = await settledHoldings(run)
  writeFileSync(limit, String(WARM_UP + AMOUNTS.cycles))
  process.kill(pidsOf(program)[0] ?? 0, 'SIGKILL')
  await reaches(WARM_UP + AMOUNTS.cycles)
  await run.until('no zombie', () => zombiesBelow(run.pidOf('init')) === 0)
  await run.until('as many descriptors as before', () => ownHoldings(run).every(({ descriptors }, at) => descriptors <= (before[at]?.descriptors ?? 0)))
  const after = await settledHoldings(run)
  console.log(`crash cycles: ${JSON.stringify({ cycles: AMOUNTS.cycles, before, after })}`)
  expect(kilobytesOf(after) - kilobytesOf(before)).toBeLessThanOrEqual(GROWTH_KB)
  run.signal('SIGTERM')
  expect(await run.ended).toBe(0)
})
