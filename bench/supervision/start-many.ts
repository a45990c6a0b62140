// From the start of the supervisor until 50 processes run.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Declared } from './peer.ts'
import { waitFor } from './processes.ts'
import { stopScenario } from './scenario.ts'
import type { Bench, Scenario } from './scenario.ts'

const COUNT = 50

const arrivalsOf = (dir: string): string => join(dir, 'arrivals')

export const declareMany = ({ programs }: Bench, dir: string): readonly Declared[] =>
  Array.from({ length: COUNT }, (_, number) => ({ name: `each-${number}`, command: [programs.arrives, arrivalsOf(dir)], restarts: true }))

const begin = (dir: string): (() => Promise<number>) => {
  writeFileSync(arrivalsOf(dir), '')
  const start = performance.now()
  return async () => {
    await waitFor('all run', () => statSync(arrivalsOf(dir)).size >= COUNT)
    return performance.now() - start
  }
}

export const measureMany = async (scenario: Scenario): Promise<number> => {
  const allRun = begin(scenario.dir)
  const starting = scenario.start()
  try {
    return await allRun()
  } finally {
    await stopScenario(scenario, await starting)
  }
}

/** 50 times fork and exec. */
export const measureBareMany = async ({ programs }: Bench, dir: string): Promise<number> => {
  const allRun = begin(dir)
  const starter = spawn(programs.startMany, [String(COUNT), programs.arrives, arrivalsOf(dir)], { stdio: ['ignore', 'ignore', 'inherit'] })
  const closed = once(starter, 'close')
  try {
    return await allRun()
  } finally {
    starter.kill('SIGKILL')
    await closed
  }
}
