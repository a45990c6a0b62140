// Crashes, restarts, reloads, scaling, floods and nonsense, mixed at random for as long as one likes (`make soak MINUTES=60`), and
// what has to be true meanwhile and in the end.
import { expect, test } from 'vitest'

import { ROUTES } from '../../runtime/contract/control-routes.ts'
import { callControl } from '../../runtime/control/client.ts'
import { AMOUNTS, LONG_MS } from './amounts.ts'
import { kilobytesOf, settledHoldings } from './holdings.ts'
import { pidsOf, zombiesBelow } from './processes.ts'
import type { Holdings } from './processes.ts'
import { createRandom } from './random.ts'
import { programPath } from './setup.ts'
import { act, expectedLines, scaleWorkers } from './soak-actions.ts'
import type { Asked } from './soak-actions.ts'
import { createSoak, PROGRAMS } from './soak-bundle.ts'
import type { Soak } from './soak-bundle.ts'

const GROWTH_KB = 5000
/** Actions between two times that everything is looked at. */
const ROUND = 12
/** Of the time: then everything is as it was at the beginning, and what is held is looked at. Before the first, memory has seen all. */
const PARTS = AMOUNTS.minutes < 5 ? [0.5, 1] : [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]
const WORKERS = 3

test(`a soak of ${AMOUNTS.minutes} minutes`, { timeout: LONG_MS }, async () => {
  console.log(`soak: seed ${AMOUNTS.seed}`)
  const random = createRandom(AMOUNTS.seed)
  await using soak = await createSoak()
  const { run } = soak
  await run.until('everything runs', () =>
    soak.status().then(
      ({ processes }) => processes.every(({ name, state }) => name === 'flood' || state === 'ready'),
      () => false,
    ),
  )
  const asked: Asked = { floods: 0, workers: WORKERS, counts: new Map() }
  const begin = performance.now()
  const passed = (): number => (performance.now() - begin) / (AMOUNTS.minutes * 60_000)
  const samples: (readonly Holdings[])[] = []
  for (const part of PARTS) {
    while (passed() < part) {
      const actions: string[] = []
      for (let action = 0; action < ROUND; action++) actions.push(await act(soak, random, asked))
      await settle(soak, asked, actions)
    }
    await scaleWorkers(soak, asked, WORKERS)
    await settle(soak, asked, ['scale'])
    samples.push(await settledHoldings(run))
    console.log(`soak: ${(part * AMOUNTS.minutes).toFixed(1)} minutes: ${renderHoldings(samples.at(-1) ?? [])}`)
  }
  console.log(`soak: ${JSON.stringify({ minutes: AMOUNTS.minutes, seed: AMOUNTS.seed, ...Object.fromEntries(asked.counts), lines: expectedLines(asked) })}`)
  const [before = [], after = []] = [samples[0], samples.at(-1)]
  expect(after.map(({ descriptors }) => descriptors)).toEqual(before.map(({ descriptors }) => descriptors))
  expect(kilobytesOf(after) - kilobytesOf(before)).toBeLessThanOrEqual(GROWTH_KB)
  run.signal('SIGTERM')
  expect(await run.ended).toBe(0)
  expect(running()).toEqual([])
})

/** Everything comes to rest, as it was asked for, and nothing besides is there. */
const settle = async (soak: Soak, asked: Asked, actions: readonly string[]): Promise<void> => {
  const { run, status } = soak
  const after = `after ${actions.join(', ')}`
  await run.until(`all is as it was asked for, ${after}`, async () => {
    const { processes } = await status()
    const stateOf = (name: string): string | undefined => processes.find((process) => process.name === name)?.state
    const workers = processes.find(({ name }) => name === 'workers')?.instances.filter(({ pid }) => pid !== null).length
    return workers === asked.workers && ['server', 'dependent', 'reloaded'].every((name) => stateOf(name) === 'ready') && isOver(stateOf('flood'))
  })
  await run.until(`who is there is who should be, ${after}`, async () => {
    const known = (await status()).processes.flatMap(({ instances }) => instances.flatMap(({ pid }) => pid ?? []))
    return running().toSorted(byNumber).join() === known.toSorted(byNumber).join()
  })
  await run.until(`no zombie, ${after}`, () => zombiesBelow(run.pidOf('init')) === 0)
  const { processes } = await status()
  for (const { name, state, reason, counters } of processes) {
    const { summary } = await callControl(soak.bundle.control, ROUTES.explain, { process: name })
    expect({ name, summary: summary.length > 0, lost: counters.linesDropped + counters.linesTruncated }).toEqual({ name, summary: true, lost: 0 })
    expect(['ready', 'completed', 'stopped'].includes(state) || reason.length > 0, `${name} is ${state} without a reason`).toBe(true)
  }
  expect(soak.countFloodLines()).toBe(expectedLines(asked))
}

const isOver = (state: string | undefined): boolean => state === 'completed' || state === 'stopped'

const running = (): readonly number[] => PROGRAMS.flatMap((name) => pidsOf(programPath(name)))

const byNumber = (left: number, right: number): number => left - right

const renderHoldings = (all: readonly Holdings[]): string => `${kilobytesOf(all)} kB, ${all.map(({ descriptors }) => descriptors).join('+')} descriptors`
