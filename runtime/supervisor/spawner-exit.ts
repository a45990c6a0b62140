// How a child ended, from what the spawner says. Pure.

import { constants } from 'node:os'
import { findField, findNumber } from './spawner-frame.ts'
import type { SpawnerMessage } from './spawner-frame.ts'
import type { ChildUsage } from './spawner.ts'
import type { ChildExit } from './state.ts'

export const NO_USAGE: ChildUsage = { userUs: 0, systemUs: 0, maxRssBytes: 0 }

export const parseExit = (message: SpawnerMessage): ChildExit => {
  const number = findNumber(message, 'signal')
  const signal = SIGNALS.get(number)
  if (signal !== undefined) return { kind: 'signal', signal, ...(findNumber(message, 'early') === 1 && { isEarly: true }) }
  // A real-time signal has no name here.
  return { kind: 'code', code: number === 0 ? findNumber(message, 'code') : 128 + number }
}

export const parseUsage = (message: SpawnerMessage): ChildUsage => ({
  userUs: findNumber(message, 'utime-us'),
  systemUs: findNumber(message, 'stime-us'),
  maxRssBytes: findNumber(message, 'maxrss-kb') * 1024,
})

const isSignal = (name: string): name is NodeJS.Signals => name in constants.signals

/** Of several names of one signal the first: SIGABRT, not SIGIOT. */
const SIGNALS: ReadonlyMap<number, NodeJS.Signals> = new Map(
  Object.entries(constants.signals)
    .toReversed()
    .flatMap(([name, number]) => (isSignal(name) ? [[number, name]] : [])),
)

export type Attempted = { readonly program: string; readonly workingDir: string }

/** A program that was never executed: 127 when it is not there, 126 when it cannot be run, 125 for what lies before it. */
export const parseFailure = (message: SpawnerMessage, { program, workingDir }: Attempted): ChildExit => {
  const errno = findNumber(message, 'errno')
  const stage = findField(message, 'stage') ?? ''
  const part = PARTS.get(stage)
  if (part !== undefined) return createMissingPart(message, program, part)
  const [attempt = stage, hint] = STAGES.get(stage) ?? []
  const what = stage === 'cwd' ? workingDir : findField(message, 'what')
  const advice = errno === constants.errno.EPERM ? hint : LIMITS.get(errno)
  const text = `cannot ${attempt.replace('%', () => `"${what}"`)} "${program}": ${findField(message, 'text')}${advice === undefined ? '' : ` (${advice})`}`
  return { kind: 'spawnFailed', status: (stage === 'exec' ? EXEC_STATUSES.get(errno) : undefined) ?? 125, message: text }
}

/** What runs the program is not there, although the program is: what it is called, and what helps. */
const PARTS: ReadonlyMap<string, readonly [string, string]> = new Map([
  ['interpreter', ['the interpreter%', 'that its first line names is missing (install it on this host, or name one that is in the bundle)']],
  ['loader', ['its dynamic linker%', 'is missing (it was built for another system than this host: bundle a program that was built with Nix)']],
])

/** Of what may be executed but not read, nobody knows what it is. */
const UNSEEN_PART = 'its interpreter or dynamic linker is missing (which one cannot be seen: let its user read the file, then look at its beginning)'

const createMissingPart = (message: SpawnerMessage, program: string, [part, advice]: readonly [string, string]): ChildExit => {
  const stage = findField(message, 'stage')
  const path = findField(message, 'what') ?? ''
  if (stage === 'interpreter' && path === '') return { kind: 'spawnFailed', status: 126, message: `cannot run "${program}": ${UNSEEN_PART}` }
  const name = path === '' ? '' : ` ${JSON.stringify(path)}`
  const help = path.endsWith('\r') ? 'ends with a carriage return (give the file the line ends of Unix)' : advice
  return { kind: 'spawnFailed', status: 126, message: `cannot run "${program}": ${part.replace('%', () => name)} ${help}` }
}

const EXEC_STATUSES: ReadonlyMap<number, 126 | 127> = new Map([
  [constants.errno.ENOENT, 127],
  [constants.errno.EACCES, 126],
  [constants.errno.ENOEXEC, 126],
] as const)

/** What helps when the kernel gives no more. */
const LIMITS: ReadonlyMap<number, string> = new Map([
  [constants.errno.EAGAIN, 'the limit of processes is reached: "ulimit -u" of the user, or pids.max of the control group'],
  [constants.errno.EMFILE, 'the limit of open files is reached: raise "ulimit -Hn" of the bundle'],
])

const AS_ROOT = 'only root may do that'

/** What was attempted, with % for its part, and what helps when it is not permitted. */
const STAGES: ReadonlyMap<string, readonly [string, string?]> = new Map<string, readonly [string, string?]>([
  ['exec', ['run']],
  ['request', ['use % for']],
  ['cwd', ['enter the working directory % of']],
  ['fifo', ['make the pipes of']],
  ['pipe', ['make the pipes of']],
  ['socket', ['hand the socket % to']],
  ['notify', ['make the notify socket of']],
  ['memory', ['start a process for']],
  ['loop', ['start a process for']],
  ['fork', ['start a process for']],
  ['setsid', ['make a session for']],
  ['ppid', ['run']],
  ['fds', ['place the descriptors of']],
  ['env', ['make the environment of']],
  ['rlimit', ['set the resource limit % of', 'only root may raise a limit beyond the hard limit it was started with']],
  ['nice', ['set the nice value of', 'only root may lower it']],
  ['oom', ['set oom_score_adj of', 'only root may lower it']],
  ['groups', ['set the groups of', AS_ROOT]],
  ['gid', ['set the group of', AS_ROOT]],
  ['uid', ['set the user of', AS_ROOT]],
])
