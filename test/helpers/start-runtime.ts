// Runs runtime/main.ts from source with a manifest of the test's own, as the launcher would.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { once } from 'node:events'
import { buildShim } from './build-shim.ts'

const ROOT = join(import.meta.dirname, '../..')
const MAIN = join(ROOT, 'runtime/main.ts')
/** What Node has made of the sources is kept by their content: a start costs half. */
const COMPILE_CACHE = { NODE_COMPILE_CACHE: join(ROOT, 'build/compile-cache') }

export type Runtime = {
  readonly dir: string
  readonly runDir: string
  /** What the launcher sets. */
  readonly environment: Readonly<Record<string, string>>
  /** Starts `up` or any other command line. */
  readonly start: (words?: readonly string[], environment?: Readonly<Record<string, string>>) => Running
  /** Runs a command to its end. */
  readonly run: (words: readonly string[], environment?: Readonly<Record<string, string>>) => Promise<Finished>
  readonly dispose: () => Promise<void>
}

export type Finished = { readonly status: number | null; readonly stdout: string; readonly stderr: string }

export type Running = {
  readonly child: ChildProcess
  /** Everything on stdout and stderr so far. */
  readonly text: () => string
  /** The match, as soon as the output has it; rejects with the output when the program ends without. */
  readonly sees: (pattern: RegExp) => Promise<RegExpExecArray>
  readonly finished: Promise<Finished>
}

export const createRuntime = (manifest: Readonly<Record<string, unknown>>): Runtime => {
  const dir = mkdtempSync('/tmp/nixpack-test-')
  const runDir = join(dir, 'r')
  const entrypointDir = join(dir, 'entrypoint')
  mkdirSync(join(entrypointDir, 'share/nixpack'), { recursive: true })
  writeFileSync(join(entrypointDir, 'share/nixpack/manifest.json'), JSON.stringify({ version: 1, name: 'demo', ...manifest }))
  const runtimeDir = buildShim(join(dir, 'runtime'))
  const running = new Set<Running>()
  const launched = { NIXPACK_RUN_DIR: runDir, NIXPACK_RUNTIME: runtimeDir, NIXPACK_ENTRYPOINT: entrypointDir }
  const start: Runtime['start'] = (words = [], environment = {}) => {
    const env = { PATH: '/usr/bin:/bin', ...COMPILE_CACHE, ...environment, ...launched }
    const started = follow(spawn(process.execPath, [MAIN, ...words], { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe'] }))
    running.add(started)
    return started
  }
  return {
    dir,
    runDir,
    environment: launched,
    start,
    run: (words, environment) => start(words, environment).finished,
    async dispose() {
      for (const { child, finished } of running) {
        // Not SIGKILL: without the launcher's guardian it would leave the processes of the processes behind.
        child.kill('SIGTERM')
        await finished
      }
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

const follow = (child: ChildProcess): Running => {
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text
      child.emit('output')
    })
  }
  const text = (): string => texts.stdout + texts.stderr
  const finished = once(child, 'close').then(() => ({ status: child.exitCode, ...texts }))
  const sees = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(text())
        if (match === null) return
        child.off('output', look)
        resolve(match)
      }
      child.on('output', look)
      void finished.then(() => reject(new Error(`${String(pattern)} never came; the output is:\n${text()}`)))
      look()
    })
  return { child, text, sees, finished }
}

/** False for zombies too: they only wait for somebody to ask how they ended. */
export const isAlive = (pid: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return !['Z', 'X'].includes(stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3))
  } catch {
    // ENOENT: gone.
    return false
  }
}
