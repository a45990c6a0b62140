// A real bundle with a manifest of the test's own: launcher, init, warden, supervisor and spawner as users have them.
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'

import { resolveRunPaths } from '../../runtime/contract/directories.ts'
import type { ControlTarget } from '../../runtime/control/client.ts'
import { until } from '../helpers/bundle-process.ts'
import { makeTestBundle } from '../helpers/make-bundle.ts'
import { processTable } from './processes.ts'
import { sharedDir } from './setup.ts'

const NAME = 'endure'
const RUNTIME_DIR = join(import.meta.dirname, '../../build/runtime', process.arch === 'arm64' ? 'aarch64-linux' : 'x86_64-linux')

export const ROLES = ['init', 'warden', 'supervisor', 'spawner'] as const
export type Role = (typeof ROLES)[number]

export type Run = {
  readonly pidOf: (role: Role) => number
  /** Everything printed so far. */
  readonly printed: () => string
  readonly signal: (signal: NodeJS.Signals) => void
  readonly hasEnded: () => boolean
  /** Resolves with its exit status. */
  readonly ended: Promise<number | null>
  /** Rejects with what was printed when that does not become true in time, or never can because the bundle has ended. */
  readonly until: (what: string, holds: () => boolean | Promise<boolean>, deadlineMs?: number) => Promise<void>
}

export type Bundle = {
  readonly file: string
  readonly dir: string
  readonly environment: Readonly<Record<string, string>>
  readonly control: ControlTarget
  readonly start: () => Run
} & AsyncDisposable

/** Its programs are found on this machine: only the runtime is inside. */
export const createBundle = async (manifest: Readonly<Record<string, unknown>>): Promise<Bundle> => {
  const dir = mkdtempSync(join(sharedDir(), 'b-'))
  const entrypointDir = join(dir, 'entrypoint')
  mkdirSync(join(entrypointDir, 'share/nixpack'), { recursive: true })
  writeFileSync(join(entrypointDir, 'share/nixpack/manifest.json'), JSON.stringify({ version: 1, name: NAME, ...manifest }))
  const paths = [
    { name: 'endure-entrypoint', sourceDir: entrypointDir },
    { name: 'endure-runtime', sourceDir: join(RUNTIME_DIR, 'tree') },
  ]
  const parts = { launcherPath: join(RUNTIME_DIR, 'launcher'), outputPath: join(dir, NAME), name: NAME, program: 'share/nixpack/manifest.json' }
  const { file } = await makeTestBundle({ ...parts, paths, entrypoint: 0, runtime: 1 })
  const runDir = join(dir, 'r')
  const environment = { PATH: '/usr/bin:/bin', NIXPACK_RUN_DIR: runDir, NIXPACK_STATE_DIR: join(dir, 'state'), NIXPACK_CACHE_DIR: join(sharedDir(), 'cache') }
  const runs = new Set<Run>()
  return {
    file,
    dir,
    environment,
    control: { bundle: NAME, instance: 'default', paths: [resolveRunPaths(runDir, NAME, 'default')], timeoutMs: 60_000 },
    start: () => {
      const run = startRun(file, dir, environment)
      runs.add(run)
      return run
    },
    [Symbol.asyncDispose]: async () => {
      for (const run of runs) {
        if (!run.hasEnded()) run.signal('SIGKILL')
        await run.ended
      }
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

const startRun = (file: string, dir: string, env: Readonly<Record<string, string>>): Run => {
  const outputPath = join(dir, 'output')
  const output = openSync(outputPath, 'w')
  const child = spawn(file, [], { cwd: dir, env, stdio: ['ignore', output, output] })
  closeSync(output)
  let hasEnded = false
  const ended = once(child, 'close').then(() => {
    hasEnded = true
    return child.exitCode
  })
  const init = child.pid ?? 0
  const printed = (): string => readFileSync(outputPath, 'utf8')
  const isTrue = async (holds: () => boolean | Promise<boolean>): Promise<boolean> => {
    if (hasEnded) throw new Error('the bundle has ended')
    return holds()
  }
  return {
    pidOf: (role) => resolveRole(init, role),
    printed,
    signal: (signal) => child.kill(signal),
    hasEnded: () => hasEnded,
    ended,
    until: async (what, holds, deadlineMs = 30_000) => {
      await until(what, () => isTrue(holds), deadlineMs).catch((cause: unknown) => {
        throw new Error(`cannot wait until ${what}: ${String(cause)}\n${printed().slice(-4000)}`, { cause })
      })
    },
  }
}

const resolveRole = (init: number, role: Role): number => {
  if (role === 'init') return init
  const table = processTable()
  const childOf = (parent: number, wanted: (command: string) => boolean): number =>
    table.find(({ ppid, command }) => ppid === parent && wanted(command))?.pid ?? 0
  const warden = childOf(init, () => true)
  if (role === 'warden') return warden
  const supervisor = childOf(warden, (command) => command.includes('--library-path'))
  return role === 'supervisor' ? supervisor : childOf(supervisor, (command) => command.includes('/bin/shim'))
}
