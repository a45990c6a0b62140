// 500 MB of lines from one process into a file, with what it costs; and whether every line arrived.
import { execFileSync, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, rmSync, statSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'

import type { Declared } from './peer.ts'
import { cpuSeconds, peakMegabytes, waitFor } from './processes.ts'
import { stopScenario } from './scenario.ts'
import type { Bench, Scenario } from './scenario.ts'

export const FLOOD_LINES = Number(process.env['BENCH_LINES'] ?? 5_000_000)
const WIDTH = 100

export type Flood = { readonly seconds: number; readonly cpuSeconds: number; readonly peakMegabytes: number; readonly lost: number }

const logOf = (dir: string): string => join(dir, 'logs', 'flood.log')
const goOf = (dir: string): string => join(dir, 'go')

export const declareFlood = ({ programs }: Bench, dir: string): readonly Declared[] => {
  execFileSync('mkfifo', [goOf(dir)])
  return [{ name: 'flood', command: [programs.lines, String(FLOOD_LINES), String(WIDTH), 'flood', goOf(dir)], restarts: false, logPath: logOf(dir) }]
}

/** The clock runs from when the program may write until the last byte is in the file. */
export const measureFlood = async (bench: Bench, scenario: Scenario): Promise<Flood> => {
  const { dir, peer } = scenario
  const files = (): readonly string[] => peer.logFiles(logOf(dir)).filter(existsSync)
  for (const file of files()) rmSync(file)
  const running = await scenario.start()
  try {
    await waitFor(`the writer of ${peer.name}`, () => scenario.familyOf(running).programs.length === 1)
    const { own } = scenario.familyOf(running)
    const before = cpuSeconds(own)
    const start = performance.now()
    closeSync(openSync(goOf(dir), 'w'))
    await waitForLines(() => sizeOf(files()))
    const seconds = (performance.now() - start) / 1000
    const cost = { seconds, cpuSeconds: cpuSeconds(own) - before, peakMegabytes: peakMegabytes(own) }
    return { ...cost, lost: countLost(bench, files()) }
  } finally {
    await stopScenario(scenario, running)
  }
}

const SILENCE_MS = 5000

/** Until all are there, or nothing more comes: there are supervisors that lose lines. */
const waitForLines = async (size: () => number): Promise<void> => {
  let [last, lastAt] = [0, performance.now()]
  await waitFor(
    'the lines',
    () => {
      const now = size()
      if (now !== last) [last, lastAt] = [now, performance.now()]
      return now >= FLOOD_LINES * WIDTH || performance.now() - lastAt > SILENCE_MS
    },
    300_000,
  )
}

const sizeOf = (files: readonly string[]): number => files.reduce((total, file) => total + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0)

const countLost = ({ programs }: Bench, files: readonly string[]): number => {
  const [lines = 0, missing = 0, broken = 0] = execFileSync(programs.checkLines, [String(WIDTH), ...files], { encoding: 'utf8' })
    .split(' ')
    .map(Number)
  return missing + broken + Math.abs(FLOOD_LINES - lines)
}

/** `cat` assembles no lines. */
export const measureCat = async ({ programs }: Bench, dir: string): Promise<Flood> => {
  const start = performance.now()
  const child = spawn('sh', ['-c', '"$1" "$2" "$3" flood | cat >"$4"', 'sh', programs.lines, String(FLOOD_LINES), String(WIDTH), join(dir, 'cat.log')])
  await once(child, 'close')
  const seconds = (performance.now() - start) / 1000
  rmSync(join(dir, 'cat.log'))
  return { seconds, cpuSeconds: Number.NaN, peakMegabytes: Number.NaN, lost: 0 }
}
