// How fast, cheap and reliable the supervisor is: beside others of its kind, limits and targets, in one run, in turns.
// Prints a table; asserts nothing. BENCH_RUNS, BENCH_IDLE_S and BENCH_LINES make it shorter.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { median, sorted } from './measure.ts'
import { declareFlood, FLOOD_LINES, measureCat, measureFlood } from './supervision/flood.ts'
import { declarePair, measureIdle, measureLeft } from './supervision/idle.ts'
import { createNixpack } from './supervision/nixpack.ts'
import type { Peer } from './supervision/peer.ts'
import { createPm2 } from './supervision/pm2.ts'
import { buildPrograms } from './supervision/programs.ts'
import { measureBareRedis, measureRecovery } from './supervision/recovery.ts'
import { createS6 } from './supervision/s6.ts'
import { createScenario, declareRedis } from './supervision/scenario.ts'
import type { Bench, Declaration, Scenario } from './supervision/scenario.ts'
import { declareMany, measureBareMany, measureMany } from './supervision/start-many.ts'
import { createSupervisord } from './supervision/supervisord.ts'

const RUNS = Number(process.env['BENCH_RUNS'] ?? 3)

const workDir = mkdtempSync('/var/tmp/np-bench-')
const limitDir = join(workDir, 'limit')

/** By the name of who was measured. */
type Samples = Map<string, number[]>

const main = async (): Promise<void> => {
  const bench: Bench = { workDir, programs: buildPrograms(workDir) }
  mkdirSync(limitDir)
  const all = [createNixpack(bench.programs.closure, join(workDir, 'cache')), createSupervisord(), createS6(), await createPm2(join(workDir, 'pm2'))]
  for (const { name, missing } of all) if (missing !== undefined) console.log(`${name}: left out: ${missing}`)
  console.log('circus: left out: neither Debian nor the package index has it; its figures are in the targets')
  const peers = all.filter(({ missing }) => missing === undefined)
  await benchStarts(bench, peers)
  await benchFlood(bench, peers)
  await benchIdle(bench, peers)
}

const scenariosOf = (bench: Bench, peers: readonly Peer[], declaration: Declaration): Promise<readonly Scenario[]> =>
  inTurn(peers, (peer) => createScenario(bench, peer, declaration))

const benchStarts = async (bench: Bench, peers: readonly Peer[]): Promise<void> => {
  const redis = await scenariosOf(bench, peers, { what: 'redis', declare: (dir) => [declareRedis(bench, dir)] })
  const fifty = await scenariosOf(bench, peers, { what: 'many', declare: (dir) => declareMany(bench, dir) })
  const [recovery, many]: readonly [Samples, Samples] = [new Map(), new Map()]
  for (let run = 0; run < RUNS; run++) {
    for (const scenario of redis) add(recovery, scenario, (await attempt(scenario, () => measureRecovery(bench, scenario))) ?? [])
    for (let time = 0; time < 3; time++) add(recovery, LIMIT, [await measureBareRedis(bench, limitDir)])
    for (const scenario of fifty) add(many, scenario, [(await attempt(scenario, () => measureMany(scenario))) ?? Number.NaN])
    add(many, LIMIT, [await measureBareMany(bench, limitDir)])
  }
  print('kill -9 of redis to PING', 'ms', '12', recovery, 'start of a bare redis')
  print('start until 50 processes run', 'ms', '150 (circus 489)', many, '50 bare fork and exec')
}

const benchFlood = async (bench: Bench, peers: readonly Peer[]): Promise<void> => {
  const floods = await scenariosOf(bench, peers, { what: 'flood', declare: (dir) => declareFlood(bench, dir) })
  const [seconds, cpu, peak, lost]: readonly [Samples, Samples, Samples, Samples] = [new Map(), new Map(), new Map(), new Map()]
  for (let run = 0; run < RUNS; run++) {
    for (const scenario of floods) {
      const flood = await attempt(scenario, () => measureFlood(bench, scenario))
      if (flood === undefined) continue
      add(seconds, scenario, [flood.seconds])
      add(cpu, scenario, [flood.cpuSeconds])
      add(peak, scenario, [flood.peakMegabytes])
      add(lost, scenario, [flood.lost])
    }
    add(seconds, LIMIT, [(await measureCat(bench, limitDir)).seconds])
  }
  print(`${(FLOOD_LINES / 10_000).toFixed(0)} MB of lines to a file`, 's', 'level with supervisord', seconds, 'cat')
  print('  processor time', 's', 'level with supervisord', cpu)
  print('  memory at its largest', 'MB', '', peak)
  print('  lines lost or broken', '', '0', lost)
}

const benchIdle = async (bench: Bench, peers: readonly Peer[]): Promise<void> => {
  const [cpu, memory, first, stop, left]: readonly [Samples, Samples, Samples, Samples, Samples] = [new Map(), new Map(), new Map(), new Map(), new Map()]
  const pairs = await inTurn(peers, async (peer) => createScenario(bench, peer, { what: 'pair', declare: await declarePair(bench) }))
  for (let run = 0; run < RUNS; run++) {
    const costs = await measureIdle(pairs)
    for (const [at, scenario] of pairs.entries()) {
      const cost = costs[at]
      if (cost === undefined) continue
      add(cpu, scenario, [cost.cpuSeconds])
      add(memory, scenario, [cost.megabytes])
      add(first, scenario, [cost.firstMegabytes])
      add(stop, scenario, [cost.stopMs])
    }
    for (const scenario of pairs) add(left, scenario, [await measureLeft(scenario)])
  }
  print('processor time when idle', 's', '0.001 in 20 s', cpu)
  print('memory (PSS) of all its own', 'MB', '40 (circus 29)', memory)
  print('  of the first process', 'MB', '1', first)
  print('stop of redis and markov', 'ms', '100 (circus 151)', stop)
  print('left 1 s after kill -9', '', '0', left)
}

const LIMIT = { peer: { name: 'limit' } } as const

const add = (samples: Samples, { peer }: { readonly peer: { readonly name: string } }, values: readonly number[]): void => {
  samples.set(peer.name, [...(samples.get(peer.name) ?? []), ...values])
}

/** What a peer cannot do is said, and ends nothing. */
const attempt = async <Figure>({ peer }: Scenario, measure: () => Promise<Figure>): Promise<Figure | undefined> => {
  try {
    return await measure()
  } catch (error) {
    console.log(`${peer.name}: ${String(error)}`)
    return undefined
  }
}

const inTurn = async <From, To>(items: readonly From[], make: (item: From) => Promise<To>): Promise<readonly To[]> => {
  const made: To[] = []
  for (const item of items) made.push(await make(item))
  return made
}

/** `limit`: what the limit is. */
const print = (...[what, unit, target, samples, limit]: readonly [string, string, string, Samples, string?]): void => {
  const medianOf = (name: string): number => median(sorted(samples.get(name) ?? []))
  const columns = [...samples].filter(([name]) => name !== 'limit').map(([name, values]) => `${name} ${renderFigure(medianOf(name))}${rangeOf(values)}`)
  const ratio = samples.has('limit')
    ? `; limit (${limit ?? ''}) ${renderFigure(medianOf('limit'))}, ratio ${(medianOf('nixpack') / medianOf('limit')).toFixed(2)}`
    : ''
  console.log(`${`${what}${unit === '' ? '' : `, ${unit}`}`.padEnd(34)} target ${(target === '' ? '-' : target).padEnd(23)} ${columns.join(', ')}${ratio}`)
}

const renderFigure = (figure: number): string =>
  Number.isInteger(figure) ? String(figure) : figure < 1 ? figure.toFixed(4) : figure < 100 ? figure.toFixed(2) : figure.toFixed(0)

const rangeOf = (values: readonly number[]): string =>
  values.length < 2 ? '' : ` (${renderFigure(Math.min(...values))} to ${renderFigure(Math.max(...values))})`

try {
  await main()
} finally {
  rmSync(workDir, { recursive: true, force: true })
}
