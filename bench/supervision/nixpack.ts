// Ours: a real bundle, made of a manifest and the closure of redis and markov, started as users start it.
import { spawn } from 'node:child_process'
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

import { makeTestBundle } from '../../test/helpers/make-bundle.ts'
import type { Declared, Peer } from './peer.ts'
import { familyOf } from './processes.ts'

const RUNTIME_DIR = join(import.meta.dirname, '..', '..', 'build', 'runtime', process.arch === 'arm64' ? 'aarch64-linux' : 'x86_64-linux')

export const createNixpack = (closure: readonly string[], cacheDir: string): Peer => ({
  name: 'nixpack',
  missing: undefined,
  logFiles: (logPath) => [logPath],
  prepare: async (dir, declared) => {
    const entrypointDir = join(dir, 'entrypoint')
    mkdirSync(join(entrypointDir, 'share/nixpack'), { recursive: true })
    writeFileSync(join(entrypointDir, 'share/nixpack/manifest.json'), JSON.stringify({ version: 1, name: 'bench', processes: planProcesses(declared) }))
    const paths = [
      { name: 'bench-entrypoint', sourceDir: entrypointDir },
      { name: 'bench-runtime', sourceDir: join(RUNTIME_DIR, 'tree') },
      ...closure.map((path) => ({ name: basename(path), sourceDir: path })),
    ]
    const parts = { launcherPath: join(RUNTIME_DIR, 'launcher'), outputPath: join(dir, 'bench'), name: 'bench', program: 'share/nixpack/manifest.json' }
    const { file } = await makeTestBundle({ ...parts, paths, entrypoint: 0, runtime: 1 })
    return async () => {
      const log = openSync(join(dir, 'supervisor.log'), 'a')
      const env = { PATH: '/usr/bin:/bin', NIXPACK_RUN_DIR: join(dir, 'run'), NIXPACK_STATE_DIR: join(dir, 'state'), NIXPACK_CACHE_DIR: cacheDir }
      const child = spawn(file, [], { cwd: dir, env, stdio: ['ignore', log, log], detached: true })
      const pid = child.pid ?? 0
      return { pid, decider: () => familyOf(pid, new Set()).own.find(isSupervisor) ?? 0, stop: () => child.kill('SIGTERM') }
    }
  },
})

const planProcesses = (declared: readonly Declared[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    declared.map(({ name, command, restarts, logPath, after }) => {
      const waitedFor = declared.find((other) => other.after?.name === name)?.after
      const process = {
        command,
        restart: restarts ? 'always' : 'never',
        ...(logPath === undefined ? {} : { stdout: { file: logPath } }),
        ...(after === undefined ? {} : { dependsOn: { [after.name]: 'ready' } }),
        ...(waitedFor === undefined ? {} : { ready: { logLine: waitedFor.line } }),
      }
      return [name, process]
    }),
  )

/** The others are copies of the launcher. */
const isSupervisor = (pid: number): boolean => readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('--library-path')
