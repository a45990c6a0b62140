// As process 1 of a container: reaps what others leave, passes on signals, ends with the status that the policy says.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { killBundles, until } from '../helpers/bundle-process.ts'
import { noContainersBecause, prepareContainers, removeContainers, startContainer } from '../hosts/container.ts'
import { HOSTS_DIRECTORY_VARIABLE } from '../hosts/enter-host.ts'
import type { RowRun } from '../hosts/start-row.ts'
import { AMOUNTS, LONG_MS } from './amounts.ts'
import { createBundle } from './bundle.ts'
import { processTable, zombiesBelow } from './processes.ts'
import { programPath, sharedDir } from './setup.ts'

/** init, warden, supervisor, spawner, main, orphans. */
const EXPECTED_PROCESSES = 6

beforeAll(async () => {
  // podman wants a short one.
  process.env[HOSTS_DIRECTORY_VARIABLE] = sharedDir()
  const rootDir = join(sharedDir(), 'image')
  mkdirSync(join(rootDir, 'tmp'), { recursive: true })
  await using bundle = await createBundle({
    processes: {
      main: { command: ['/obeys'], restart: 'never' },
      orphans: { command: ['/orphans', String(AMOUNTS.orphans), 'stay'], dependsOn: { main: 'started' } },
    },
    exitPolicy: { process: 'main' },
  })
  copyFileSync(bundle.file, join(rootDir, 'hello'))
  for (const name of ['obeys', 'orphans']) copyFileSync(programPath(name), join(rootDir, name))
  prepareContainers(rootDir)
  if (noContainersBecause() !== undefined) console.log(`process 1: skipped: ${noContainersBecause()}`)
}, 120_000)

afterAll(async () => {
  killBundles()
  await removeContainers()
})

const start = async (): Promise<RowRun> => {
  const run = await startContainer([], { file: '/hello', args: [], env: {}, uid: 0 })
  await run.printed(/main +\| obeys/)
  return run
}

/** Process ids out here. */
const pidIn = (run: RowRun, program: string): number => {
  const table = processTable()
  const isBelow = (pid: number): boolean => pid === run.programPid || (pid > 1 && isBelow(table.find((entry) => entry.pid === pid)?.ppid ?? 0))
  return table.find(({ pid, command }) => command.startsWith(program) && isBelow(pid))?.pid ?? 0
}

test(
  `reaps ${AMOUNTS.orphans} orphans of its processes and as many of somebody else, and ends with the status of the main process`,
  { timeout: LONG_MS },
  async ({ skip }) => {
    const why = noContainersBecause()
    if (why !== undefined) skip(why)
    const run = await start()
    await until('its own process has left its orphans', () => pidIn(run, '/orphans') > 0)
    // As with `podman exec`: process 1 is the parent of what this leaves.
    execFileSync('nsenter', [`--target=${run.programPid}`, '--pid', '--mount', '/orphans', String(AMOUNTS.orphans)])
    await until('no zombie and no orphan is left', () => zombiesBelow(run.programPid) === 0 && run.processes().length <= EXPECTED_PROCESSES, 20_000)
    process.kill(pidIn(run, '/obeys'), 'SIGUSR2')
    expect((await run.ended).status).toBe(7)
  },
)

test('passes on SIGHUP and SIGTERM, and ends with status 0 when it was told to stop', { timeout: LONG_MS }, async ({ skip }) => {
  const why = noContainersBecause()
  if (why !== undefined) skip(why)
  const run = await start()
  process.kill(run.programPid, 'SIGHUP')
  await run.printed(/configuration read again/)
  process.kill(run.programPid, 'SIGTERM')
  expect((await run.ended).status).toBe(0)
  expect(run.stdout() + run.stderr()).toMatch(/main +\| signal 15/)
})
