// From kill -9 of redis until another one answers PING.
import { execFile } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { promisify } from 'node:util'

import { waitFor } from './processes.ts'
import { declareRedis, redisSocket, stopScenario } from './scenario.ts'
import type { Bench, Scenario } from './scenario.ts'

const exec = promisify(execFile)

const KILLS = 3
/** Whoever comes back at once does so for what had been stable; and a supervisor at rest may have to wake up. */
const STABLE_MS = 5000

/** Milliseconds of each kill. */
export const measureRecovery = async ({ programs }: Bench, scenario: Scenario): Promise<readonly number[]> => {
  const socket = redisSocket(scenario.dir)
  rmSync(socket, { force: true })
  const running = await scenario.start()
  try {
    await waitFor(`redis of ${scenario.peer.name}`, () => existsSync(socket))
    const times: number[] = []
    for (let kill = 0; kill < KILLS; kill++) {
      await new Promise((resolve) => setTimeout(resolve, STABLE_MS))
      const { stdout } = await exec(programs.redisBack, [socket])
      times.push(Number(stdout) / 1000)
    }
    return times
  } finally {
    await stopScenario(scenario, running)
  }
}

/** The start of a bare redis: nobody can be back earlier. */
export const measureBareRedis = async (bench: Bench, dir: string): Promise<number> => {
  const { command } = declareRedis(bench, dir)
  rmSync(redisSocket(dir), { force: true })
  const { stdout } = await exec(bench.programs.redisBack, [redisSocket(dir), ...command])
  return Number(stdout) / 1000
}
