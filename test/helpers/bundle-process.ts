// A bundle running as a user of a foreign host would run it: not root, /nix hidden, an environment that holds only
// what is given. Needs root to set that up.
import { spawn } from 'node:child_process'
import type { ChildProcess, ChildProcessByStdio } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Readable, Writable } from 'node:stream'

/** Hides /nix, becomes the user and execs the bundle, so that the process id is the bundle's. */
const ENTER =
  'mount -t tmpfs -o size=4k,mode=755 none /nix && eval "$3" && cd "$2" && exec setpriv --reuid="$1" --regid="$1" --clear-groups -- env -i -- "${@:4}"'

export type BundleRun = {
  readonly child: ChildProcess
  readonly pid: number
  /** Everything printed so far. */
  readonly stdout: () => string
  readonly stderr: () => string
  /** Resolves once stdout or stderr matches; rejects when the bundle ends before, or after `deadlineMs`. */
  readonly printed: (pattern: RegExp, deadlineMs?: number) => Promise<void>
  /** Resolves with the exit status, or the signal that ended it, and closes over all output. */
  readonly ended: Promise<{ readonly status: number | null; readonly signal: NodeJS.Signals | null }>
}

export type BundleStart = {
  readonly file: string
  readonly uid: number
  readonly cwd: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  /** Shell commands that change the host first, as root, in a mount namespace of this run. */
  readonly hostSetup?: string
}

const running = new Set<ChildProcess>()

/** Starts a bundle; `killBundles` ends what a failed test left running. */
export const startBundle = (start: BundleStart): BundleRun => {
  const variables = Object.entries({ PATH: '/nonexistent', ...start.env }).map(([name, value]) => `${name}=${value}`)
  const child = spawn(
    'unshare',
    [
      '--mount',
      '--propagation',
      'private',
      'bash',
      '-c',
      ENTER,
      'enter',
      String(start.uid),
      start.cwd,
      start.hostSetup ?? ':',
      ...variables,
      start.file,
      ...(start.args ?? []),
    ],
    { stdio: 'pipe', cwd: '/' },
  )
  const run = followChild(child)
  child.stdin.end(start.input ?? '')
  return run
}

/** Collects what a child with piped streams prints; `killBundles` ends it when a test failed. */
export const followChild = (child: ChildProcessByStdio<Writable, Readable, Readable>): BundleRun => {
  running.add(child)
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.stdin.on('error', () => {})
  const ended = once(child, 'close').then(([status, signal]: (number | NodeJS.Signals | null)[]) => {
    running.delete(child)
    return { status: typeof status === 'number' ? status : null, signal: typeof signal === 'string' ? signal : null }
  })
  const printed = async (pattern: RegExp, deadlineMs = 30_000): Promise<void> => {
    const seen = (): boolean => pattern.test(stdout) || pattern.test(stderr)
    if (seen()) return
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`${why} without printing ${pattern}\n--- stdout\n${stdout}\n--- stderr\n${stderr}`))
      const timer = setTimeout(() => fail(`${deadlineMs} ms passed`), deadlineMs)
      const check = (): void => {
        if (!seen()) return
        clearTimeout(timer)
        resolve()
      }
      child.stdout.on('data', check)
      child.stderr.on('data', check)
      void ended.then(() => (seen() ? check() : fail('the bundle ended')))
    })
  }
  return { child, pid: child.pid ?? 0, stdout: () => stdout, stderr: () => stderr, printed, ended }
}

/** Ends every bundle that is still running. For afterEach. */
export const killBundles = (): void => {
  for (const child of running) child.kill('SIGKILL')
}

export type HostProcess = { readonly pid: number; readonly ppid: number; readonly name: string; readonly command: string }

/**
 * All living processes of a user. Zombies do not count, nor does the one that writes to disk in the background what a
 * first start has unpacked: it belongs to the cache, not to the run.
 */
export const processesOf = (uid: number): readonly HostProcess[] => allProcessesOf(uid).filter(({ name }) => name !== 'nixpack-sync')

/** As processesOf, with what works for the cache in the background. */
export const allProcessesOf = (uid: number): readonly HostProcess[] =>
  readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return []
    try {
      const status = readFileSync(`/proc/${entry}/status`, 'utf8')
      const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? ''
      if (!field('Uid').startsWith(`${uid}\t`) || field('State').startsWith('Z')) return []
      const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      return [{ pid: Number(entry), ppid: Number(field('PPid')), name: field('Name'), command }]
    } catch {
      // It ended while it was looked at.
      return []
    }
  })

/** Polls a condition every 5 ms until it holds; rejects after the deadline. For what has no event: the process table. */
export const until = async (what: string, holds: () => boolean | Promise<boolean>, deadlineMs = 10_000): Promise<number> => {
  const start = performance.now()
  for (;;) {
    if (await holds()) return performance.now() - start
    if (performance.now() - start > deadlineMs) throw new Error(`${what}: not within ${deadlineMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
