// A running bundle with a circus.ini, as its user meets it: the command line, what is printed, and the control socket
// for what happens. Nothing here waits for a time to pass: it waits for events, with a deadline.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type * as z from 'zod/mini'

import { callControl, followControl } from '../../../runtime/control/client.ts'
import type { ControlTarget } from '../../../runtime/control/client.ts'
import type { BundleStatus, ProcessStatus, SupervisorEvent } from '../../../runtime/contract/control.ts'
import { ROUTES, STREAMS } from '../../../runtime/contract/control-routes.ts'
import { resolveRunPaths } from '../../../runtime/contract/directories.ts'
import { followChild, until } from '../../helpers/bundle-process.ts'
import type { BundleRun } from '../../helpers/bundle-process.ts'
import { removeUnpacked } from '../../helpers/remove-unpacked.ts'
import { bundlePath, workerPath } from './setup.ts'
import type { BundleName } from './setup.ts'

export type Finished = { readonly status: number | null; readonly stdout: string; readonly stderr: string }

export type Daemon = {
  readonly dir: string
  /** Of the bundle's file: the one that its user sees. */
  readonly pid: number
  /** All that it printed. */
  readonly output: () => string
  readonly sees: (pattern: RegExp) => Promise<RegExpExecArray>
  readonly ended: BundleRun['ended']
  readonly kill: (signal: NodeJS.Signals) => void
  /** Runs a command to its end, whatever comes of it. */
  readonly run: (...words: readonly string[]) => Promise<Finished>
  /** The output of a command that must succeed. */
  readonly ctl: (...words: readonly string[]) => Promise<string>
  /** What the command line cannot say. */
  readonly call: <Asked extends Schema, Replied extends Schema>(route: Route<Asked, Replied>, request: z.input<Asked>) => Promise<z.output<Replied>>
  /** Reads the file again; resolves when it has been carried out. */
  readonly reload: () => Promise<void>
  readonly status: () => Promise<BundleStatus>
  readonly process: (name: string) => Promise<ProcessStatus>
  /** Of its instances, by their index. */
  readonly pids: (name: string) => Promise<readonly number[]>
  readonly events: readonly SupervisorEvent[]
  /** The first event that is meant, past ones included. */
  readonly event: (what: string, isMeant: (event: SupervisorEvent) => boolean) => Promise<SupervisorEvent>
  /** Looks again after each event. */
  readonly until: (name: string, what: string, holds: (status: ProcessStatus) => boolean) => Promise<ProcessStatus>
}

type Schema = z.core.$ZodType
type Route<Asked, Replied> = { readonly method: 'GET' | 'POST'; readonly path: string; readonly request: Asked; readonly reply: Replied }

export type Host = {
  /** A directory of its own, the working directory of its bundles. */
  readonly dir: string
  /** Of all of its bundles: only one can run at a time. */
  readonly instance: string
  readonly worker: string
  /** Returns its path. */
  readonly write: (name: string, text: string, mode?: number) => string
  /** Starts a bundle with this circus.ini; resolves when it answers. */
  readonly up: (ini: string, options?: StartOptions) => Promise<Daemon>
  /** Starts a bundle as it is. */
  readonly start: (bundle: BundleName, options?: StartOptions) => Promise<Daemon>
  /** Runs a bundle to its end: for what is refused. */
  readonly run: (words: readonly string[], environment?: Readonly<Record<string, string>>) => Promise<Finished>
  readonly dispose: () => Promise<void>
}

export type StartOptions = {
  readonly words?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** Shell commands for the process before it becomes the bundle. */
  readonly before?: string
}

/** For machines that have more to do than this. */
const DEADLINE_MS = 30_000

export const createHost = (): Host => {
  const dir = mkdtempSync('/tmp/np-c-')
  const instance = `test-${basename(dir).slice('np-c-'.length)}`
  const running: BundleRun[] = []
  const environmentOf = (own: Readonly<Record<string, string>> = {}) => ({
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: dir,
    NIXPACK_RUN_DIR: join(dir, 'r'),
    ...own,
  })
  const spawnBundle = (bundle: BundleName, words: readonly string[], { environment, before = ':' }: StartOptions = {}): BundleRun => {
    const child = spawn('/bin/sh', ['-c', `${before}; exec "$@"`, 'sh', bundlePath(bundle), '--instance', instance, ...words], {
      cwd: dir,
      env: environmentOf(environment),
      stdio: 'pipe',
    })
    child.stdin.end()
    const started = followChild(child)
    running.push(started)
    return started
  }
  const start = async (bundle: BundleName, options: StartOptions = {}): Promise<Daemon> => {
    const run = spawnBundle(bundle, ['up', ...(options.words ?? [])], options)
    const target = { bundle, instance, paths: [resolveRunPaths(join(dir, 'r'), bundle, instance)] }
    const history = await follow(run, target)
    return createDaemon({ dir, run, target, history, command: (words) => finish(spawnBundle(bundle, words, options)) })
  }
  const write: Host['write'] = (name, text, mode = 0o644) => {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), text, { mode })
    return join(dir, name)
  }
  return {
    dir,
    instance,
    worker: workerPath(),
    write,
    start,
    run: (words, environment) => finish(spawnBundle('circus', words, environment === undefined ? {} : { environment })),
    up: (ini, options = {}) => start('circus', { ...options, words: ['--circus', write('circus.ini', ini), ...(options.words ?? [])] }),
    async dispose() {
      for (const { child, ended } of running.toReversed()) {
        if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
        const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS)
        await ended
        clearTimeout(timer)
      }
      removeUnpacked(dir)
    },
  }
}

const finish = async (run: BundleRun): Promise<Finished> => ({ status: (await run.ended).status, stdout: run.stdout(), stderr: run.stderr() })

type History = { readonly events: SupervisorEvent[]; readonly listeners: Set<() => void> }

/** Resolves when the bundle answers; all that has happened and happens is kept. */
const follow = async (run: BundleRun, target: ControlTarget): Promise<History> => {
  const history: History = { events: [], listeners: new Set() }
  const collect = async (): Promise<void> => {
    try {
      for await (const event of followControl(target, STREAMS.events, { since: 0 })) {
        if (event.kind !== 'message') continue
        history.events.push(event.data)
        for (const listener of history.listeners) listener()
      }
    } catch {
      // The bundle was killed in the middle of an event.
    }
  }
  await until(
    'the bundle answers',
    async () => {
      if (run.child.exitCode !== null) throw new Error(`the bundle ended with ${run.child.exitCode}: ${run.stdout()}${run.stderr()}`)
      return callControl(target, ROUTES.status, {}).then(
        () => true,
        () => false,
      )
    },
    DEADLINE_MS,
  )
  void collect()
  return history
}

type Parts = {
  readonly dir: string
  readonly run: BundleRun
  readonly target: ControlTarget
  readonly history: History
  readonly command: (words: readonly string[]) => Promise<Finished>
}

const createDaemon = ({ dir, run, target, history, command }: Parts): Daemon => {
  const output = (): string => run.stdout() + run.stderr()
  const status = (): Promise<BundleStatus> => callControl(target, ROUTES.status, {})
  const statusOf = async (name: string): Promise<ProcessStatus> => {
    const { processes } = await status()
    const found = processes.find((candidate) => candidate.name === name)
    if (found === undefined) throw new Error(`no process "${name}" among ${processes.map((candidate) => candidate.name).join(', ')}`)
    return found
  }
  const describe = (): string => `\n--- output\n${output()}\n--- events\n${history.events.map(({ label, text }) => `${label ?? ''}: ${text}`).join('\n')}`
  const waitForEvents = async <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => {
    const deadline = performance.now() + DEADLINE_MS
    for (;;) {
      const seen = history.events.length
      const found = await look()
      if (found !== undefined) return found
      const remainingMs = deadline - performance.now()
      if (remainingMs <= 0) throw new Error(`${what}: not within ${DEADLINE_MS} ms${describe()}`)
      // Not every change has an event: after a while it is looked at anyway.
      if (seen === history.events.length) await nextEvent(history, Math.min(remainingMs, 100))
    }
  }
  const ctl: Daemon['ctl'] = async (...words) => {
    const finished = await command(words)
    if (finished.status !== 0) throw new Error(`${words.join(' ')} ended with ${finished.status}: ${finished.stdout}${finished.stderr}${describe()}`)
    return finished.stdout
  }
  return {
    dir,
    pid: run.pid,
    output,
    ended: run.ended,
    kill: (signal) => void run.child.kill(signal),
    call: (route, request) => callControl(target, route, request),
    status,
    process: statusOf,
    events: history.events,
    async pids(name) {
      const { instances } = await statusOf(name)
      return instances.toSorted((left, right) => left.index - right.index).flatMap(({ pid }) => (pid === null ? [] : [pid]))
    },
    async sees(pattern) {
      await run.printed(pattern, DEADLINE_MS)
      const match = pattern.exec(run.stdout()) ?? pattern.exec(run.stderr())
      if (match === null) throw new Error(`unreachable: ${String(pattern)} was printed`)
      return match
    },
    run: (...words) => command(words),
    ctl,
    async reload() {
      const seen = history.events.length
      await ctl('reloadconfig')
      await waitForEvents('the file is read again', () =>
        Promise.resolve(history.events.slice(seen).find(({ kind, text }) => kind === 'bundle' && /plan/.test(text))),
      )
    },
    event: (what, isMeant) => waitForEvents(what, () => Promise.resolve(history.events.find(isMeant))),
    until: (name, what, holds) =>
      waitForEvents(`${name}: ${what}`, async () => {
        const found = await statusOf(name)
        return holds(found) ? found : undefined
      }),
  }
}

const nextEvent = ({ listeners }: History, timeoutMs: number): Promise<void> =>
  new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer)
      listeners.delete(finish)
      resolve()
    }
    const timer = setTimeout(finish, timeoutMs)
    listeners.add(finish)
  })
