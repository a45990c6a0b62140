// One peer running one declaration, in a directory of its own.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import type { Declared, Peer, Running } from './peer.ts'
import { familyOf, isAlive, killAll, waitFor } from './processes.ts'
import type { Family } from './processes.ts'
import { supervisedPaths } from './programs.ts'
import type { Programs } from './programs.ts'

export type Scenario = { readonly dir: string; readonly peer: Peer; readonly start: () => Promise<Running>; readonly familyOf: (running: Running) => Family }

export type Bench = { readonly workDir: string; readonly programs: Programs }

/** `declare` gets the directory that the peer has for itself. */
export type Declaration = { readonly what: string; readonly declare: (dir: string) => readonly Declared[] }

export const createScenario = async (bench: Bench, peer: Peer, { what, declare }: Declaration): Promise<Scenario> => {
  const dir = join(bench.workDir, `${peer.name}-${what}`)
  mkdirSync(dir)
  const declared = declare(dir)
  for (const { logPath } of declared) if (logPath !== undefined) mkdirSync(dirname(logPath), { recursive: true })
  const paths = supervisedPaths(bench.programs)
  return { dir, peer, start: await peer.prepare(dir, declared), familyOf: ({ pid }) => familyOf(pid, paths) }
}

/** Asks it to stop; milliseconds until nothing of it is left. */
export const stopScenario = async (scenario: Scenario, running: Running): Promise<number> => {
  const family = scenario.familyOf(running)
  const all = [...family.own, ...family.programs]
  const begin = performance.now()
  running.stop()
  try {
    await waitFor(`${scenario.peer.name} stops`, () => !all.some(isAlive), 30_000)
    return performance.now() - begin
  } finally {
    await killAll(family)
  }
}

export const redisSocket = (dir: string): string => join(dir, 'redis.sock')

/** Redis as a cache: nothing on disk. */
export const declareRedis = ({ programs }: Bench, dir: string): Declared => {
  writeFileSync(join(dir, 'redis.conf'), `port 0\nunixsocket ${redisSocket(dir)}\ndir ${dir}\nsave ""\n`)
  return { name: 'redis', command: [programs.redis, join(dir, 'redis.conf')], restarts: true }
}

export const declareMarkov = ({ programs }: Bench, dir: string, port: number): Declared => ({
  name: 'markov',
  command: [programs.markov, '-listenAddr', `127.0.0.1:${port}`, '-redisAddr', `unix:${redisSocket(dir)}`, '-timeout', '720'],
  restarts: true,
  after: { name: 'redis', line: 'eady to accept connections' },
})
