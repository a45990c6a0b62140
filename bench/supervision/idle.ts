// Redis and markov with nothing to do: what the supervisor costs meanwhile, how fast it stops, what remains without it.
import type { Declared, Running } from './peer.ts'
import { cpuSeconds, isAlive, killAll, proportionalMegabytes, waitFor } from './processes.ts'
import { declareMarkov, declareRedis, stopScenario } from './scenario.ts'
import type { Bench, Scenario } from './scenario.ts'
import { freePort } from '../../test/helpers/bundle-process.ts'

const IDLE_MS = Number(process.env['BENCH_IDLE_S'] ?? 20) * 1000
/** After the start is done with all that follows it. */
const QUIET_MS = 6000

export type Idle = { readonly cpuSeconds: number; readonly megabytes: number; readonly firstMegabytes: number; readonly stopMs: number }

export const declarePair = async (bench: Bench): Promise<(dir: string) => readonly Declared[]> => {
  const port = await freePort()
  return (dir) => [declareRedis(bench, dir), declareMarkov(bench, dir, port)]
}

const startPair = async (scenario: Scenario): Promise<Running> => {
  const running = await scenario.start()
  await waitFor(`both of ${scenario.peer.name}`, () => scenario.familyOf(running).programs.length === 2)
  return running
}

/** All at the same time: none of them works. */
export const measureIdle = async (scenarios: readonly Scenario[]): Promise<readonly Idle[]> => {
  const running: { readonly scenario: Scenario; readonly of: Running }[] = []
  for (const scenario of scenarios) running.push({ scenario, of: await startPair(scenario) })
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS))
  const ownOf = running.map(({ scenario, of }) => scenario.familyOf(of).own)
  const before = ownOf.map(cpuSeconds)
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
  const costs = ownOf.map((own, at) => ({
    cpuSeconds: cpuSeconds(own) - (before[at] ?? 0),
    megabytes: proportionalMegabytes(own),
    firstMegabytes: proportionalMegabytes(own.slice(0, 1)),
  }))
  const stops: number[] = []
  for (const { scenario, of } of running) stops.push(await stopScenario(scenario, of))
  return costs.map((cost, at) => ({ ...cost, stopMs: stops[at] ?? Number.NaN }))
}

/** Processes that are there one second after kill -9 of the one that decides. */
export const measureLeft = async (scenario: Scenario): Promise<number> => {
  const running = await startPair(scenario)
  const family = scenario.familyOf(running)
  process.kill(running.decider(), 'SIGKILL')
  await new Promise((resolve) => setTimeout(resolve, 1000))
  const left = [...family.own, ...family.programs].filter(isAlive)
  await killAll(family)
  return left.length
}
