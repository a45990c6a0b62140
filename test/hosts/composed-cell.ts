// One cell with the composed bundle: markov answers, learns, makes text, and leaves nothing behind when it is told to
// stop; or it is refused with the expected reason.
import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect } from 'vitest'

import { freePort, until } from '../helpers/bundle-process.ts'
import { expectRefusal, finish } from './outcome.ts'
import type { Cell } from './outcome.ts'
import { ENGINES, isRefused } from './row.ts'
import { startRow } from './start-row.ts'
import type { RowRun } from './start-row.ts'

/** Returns the engine that was used, or the code of the refusal. */
export const runComposedCell = async ({ row, choice, expected }: Cell): Promise<string> => {
  const address = `127.0.0.1:${await freePort()}`
  // The lock of an instance is one per user and network: tests run beside each other.
  const args = row.change?.argv0 === null ? [] : ['--instance', `h${process.pid}`]
  const run = await startRow(row, { bundle: 'markov', choice, args, env: { MARKOV_LISTEN_ADDR: address } })
  run.child.stdin?.end()
  if (isRefused(expected)) return expectRefusal(run, await finish(run), expected)
  await useMarkov(run, `http://${address}`)
  const engine = engineOf(run)
  const runDir = `${run.rootDir}${runDirectoryOf(run)}`
  expect(existsSync(runDir), 'the directory of the run is there').toBe(true)
  run.child.kill('SIGTERM')
  const end = await finish(run, runDir)
  expect({ ...end, stderr: run.stderr() }).toEqual({ status: 0, signal: null, stderr: run.stderr() })
  return engine
}

const useMarkov = async (run: RowRun, url: string): Promise<void> => {
  let ended = false
  void run.programEnded.then(() => (ended = true))
  const answers = async (): Promise<boolean> => {
    if (ended) throw new Error(`the bundle ended:\n${run.stdout()}${run.stderr()}`)
    try {
      return (await fetch(url, { signal: AbortSignal.timeout(2000) })).status === 200
    } catch {
      // Not listening yet.
      return false
    }
  }
  await until('the bundle answers', answers, 60_000)
  const built = await fetch(`${url}/build`, { method: 'POST', body: 'the quick brown fox jumps', signal: AbortSignal.timeout(10_000) })
  expect(built.status).toBe(200)
  const generated = await fetch(`${url}/generate?numParts=3`, { signal: AbortSignal.timeout(10_000) })
  expect([generated.status, (await generated.text()).split(' ').length]).toEqual([200, 3])
}

const engineOf = (run: RowRun): string => {
  const supervisor = run.processes().find(({ command }) => command.includes('--library-path'))
  const environment = supervisor === undefined ? [] : readFileSync(`/proc/${supervisor.pid}/environ`, 'utf8').split('\0')
  return ENGINES.find((engine) => environment.includes(`NIXPACK_ENGINE=${engine}`)) ?? 'unknown'
}

const runDirectoryOf = (run: RowRun): string => {
  const api = run.processes().find(({ command }) => command.includes('-redisAddr'))
  const socket = /-redisAddr unix:(\S+)/.exec(api?.command ?? '')?.[1]
  if (socket === undefined) throw new Error(`there is no process of the API among ${JSON.stringify(run.processes())}`)
  // <instance>/run/redis.sock
  return dirname(dirname(socket))
}
