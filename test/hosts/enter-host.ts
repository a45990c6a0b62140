// Starts a program in a host: pivot_root into its root file system, in namespaces for mounts and process ids of its own.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { SYSTEM_MOUNTS } from '../helpers/bare-host.ts'
import { followChild, until } from '../helpers/bundle-process.ts'
import type { BundleRun } from '../helpers/bundle-process.ts'
import { removeUnpacked } from '../helpers/remove-unpacked.ts'
import { USER } from './hosts.ts'
import type { HostName } from './hosts.ts'
import { linkOf, processesIn } from './namespace-processes.ts'
import type { NamespaceProcess } from './namespace-processes.ts'

export const HOSTS_DIRECTORY_VARIABLE = 'NIXPACK_HOSTS_DIR'
export const hostsDir = (): string => process.env[HOSTS_DIRECTORY_VARIABLE] ?? ''
export const enterProgram = (): string => join(hostsDir(), 'enter')

export type HostStart = {
  readonly host: HostName
  readonly uid: number
  /** Inside. */
  readonly file: string
  /** [] is an empty argument list. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Steps of enter.c inside, as root: first those that change the host, last those that limit the program. */
  readonly steps: readonly string[]
  readonly limits: readonly string[]
  readonly isProcess1: boolean
  /** What is written to / is lost, and nobody else sees it. */
  readonly throwaway: boolean
}

export type HostRun = BundleRun & {
  /** Process id of the program, as seen from out here. */
  readonly programPid: number
  /** The program's / , also after its end. */
  readonly rootDir: string
  /** Resolves when the program has ended; `ended` of a HostRun needs `release` besides. */
  readonly programEnded: Promise<void>
  /** The processes in the host, the program's own included. */
  readonly processes: () => readonly NamespaceProcess[]
  readonly userNamespace: string
  readonly release: () => void
}

/** Starts a program and waits until the host exists. */
export const enterHost = async (start: HostStart): Promise<HostRun> => {
  const scratch = start.throwaway ? mkdtempSync(join(hostsDir(), 'throwaway-')) : undefined
  const child = spawn(enterProgram(), [...planSteps(start, scratch), 'exec', start.file, ...start.argv], {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    env: start.env,
    cwd: '/',
  })
  const run = followChild(child)
  const events = followEvents(child)
  let ended = false
  const gone = run.ended.then((end) => {
    ended = true
    // They are sockets that nobody has read to their end.
    for (const stream of child.stdio.slice(3)) stream?.destroy()
    if (scratch !== undefined) removeUnpacked(scratch)
    return end
  })
  await until('the host is entered', () => ended || events.started() !== 0)
  if (events.started() === 0) throw new Error(`cannot enter host ${start.host}: ${run.stderr()}`)
  const pidNamespace = linkOf(`/proc/${run.pid}/ns/pid_for_children`)
  return {
    ...run,
    ended: gone,
    programPid: events.started(),
    rootDir: `/proc/${run.pid}/root`,
    programEnded: until('the program ends', () => ended || events.hasEnded(), 60_000).then(() => {}),
    processes: () => processesIn(pidNamespace),
    userNamespace: linkOf(`/proc/${run.pid}/ns/user`),
    release: () => endStream(child),
  }
}

const planSteps = (start: HostStart, scratch: string | undefined): readonly string[] => {
  const root = join(hostsDir(), start.host)
  const steps = ['namespaces', start.isProcess1 ? 'fork-first' : 'fork']
  if (scratch === undefined) {
    steps.push('bind', root, root)
  } else {
    for (const name of ['upper', 'work']) mkdirSync(join(scratch, name))
    steps.push('mount', 'overlay', root, `lowerdir=${root},upperdir=${scratch}/upper,workdir=${scratch}/work`)
  }
  if (start.host === 'empty') steps.push('pivot', root)
  else steps.push('bind', process.env['NIXPACK_E2E_DIR'] ?? '', `${root}/srv/bundles`, 'pivot', root, ...SYSTEM_MOUNTS)
  return [...steps, ...start.steps, 'chdir', start.cwd, ...start.limits, ...(start.uid === 0 ? [] : ['user', `${start.uid}`, `${start.uid}`])]
}

const followEvents = (child: ChildProcess): { readonly started: () => number; readonly hasEnded: () => boolean } => {
  let text = ''
  child.stdio[3]?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  return { started: () => Number(/^started (\d+)$/m.exec(text)?.[1] ?? 0), hasEnded: () => /^ended$/m.test(text) }
}

const endStream = (child: ChildProcess): void => {
  const stream = child.stdio[4]
  if (stream !== null && stream !== undefined && 'end' in stream) stream.end()
}

/** The launcher remembers which engine worked, for a mount namespace and a kind of filter: rows do not differ more than that. */
export const forgetEngines = (host: HostName): void => {
  for (const home of ['root', `home/${USER.name}`]) rmSync(join(hostsDir(), host, home, '.cache/nixpack/engines'), { recursive: true, force: true })
}
