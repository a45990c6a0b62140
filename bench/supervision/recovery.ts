// From kill -9 of redis until another one answers PING.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { text } from 'node:stream/consumers'

import { waitFor } from './processes.ts'
import { declareRedis, redisSocket, stopScenario } from './scenario.ts'
import type { Bench, Scenario } from './scenario.ts'

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
      await rest()
      times.push(await askRedisBack(programs.redisBack, [socket]))
    }
    return times
  } finally {
    await stopScenario(scenario, running)
  }
}

const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, STABLE_MS))

/** The start of a bare redis, after as long a rest, by which programs and libraries have become cold: nobody can be back earlier. */
export const measureBareRedis = async (bench: Bench, dir: string): Promise<number> => {
  const { command } = declareRedis(bench, dir)
  rmSync(redisSocket(dir), { force: true })
  await rest()
  return askRedisBack(bench.programs.redisBack, [redisSocket(dir), ...command])
}

/** Milliseconds; rejects with what it says on stderr, and how it ended. */
export const askRedisBack = async (program: string, args: readonly string[]): Promise<number> => {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)]
  const [status, signal]: readonly unknown[] = await once(child, 'close')
  if (status !== 0) throw new Error(`redis-back ended with ${String(status ?? signal)}: ${(await stderr).trim()}`)
  return Number(await stdout) / 1000
}
