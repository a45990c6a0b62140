// `up --detach`, from the side of the process that goes on. The launcher has put it into a session of its own, and the
// process that the user started shows what is written to descriptors 1 and 2 until it is told that all is well. Then
// everything goes to a log file; a start that fails is told to both.

import { closeSync, openSync, writeSync } from 'node:fs'
import { findUsedDirectories, makeLastingDirectories } from '../config/lasting-directories.ts'
import type { SupervisorControl } from '../contract/control-supervisor.ts'
import type { ProcessState, ProcessStatus } from '../contract/control.ts'
import { NixpackError } from '../contract/errors.ts'
import { createReport } from '../log/report.ts'
import { createBackgroundLog } from './background-log.ts'
import type { BackgroundLog } from './background-log.ts'
import { usageError } from './arguments.ts'
import type { CommandContext } from './context.ts'
import { planDirectories } from './preparation.ts'

export type Detachment = {
  /** As given, with outputs that go to the log file. */
  readonly context: CommandContext
  /** After the log file was renamed. */
  reopen(): void
  /** The control socket answers: lets the waiting process go, now or, with --wait, when everything is ready. */
  answers(supervisor: Waiting['supervisor']): void
}

/** Undefined without --detach. */
export const createDetachment = (given: CommandContext): Detachment | undefined => {
  if (!given.flags.has('--detach')) return undefined
  const fd = readDescriptor(given)
  const log = openLog(given)
  const report = createReport(log.output, given.manifest.name)
  const context = { ...given, stdout: log.output, stderr: log.output, isTerminal: false, report }
  let hasArrived = false
  const arrive = (status: number, text: string): void => {
    if (hasArrived) return
    hasArrived = true
    log.forget()
    tell(fd, Buffer.from(`${text}\0${String.fromCodePoint(status)}`, 'latin1'))
    closeSync(fd)
  }
  given.replaceOutputs({
    stdout: log.output,
    stderr: log.output,
    // It ends before it has arrived: what it said is what the user wants to know.
    beforeExit: () => (hasArrived ? undefined : tell(fd, log.recent())),
  })
  return {
    context,
    reopen: log.reopen,
    answers: (supervisor) => (given.flags.has('--wait') ? arriveWhenReady({ ...context, supervisor }, arrive) : arrive(0, '')),
  }
}

const readDescriptor = ({ program }: CommandContext): number => {
  const text = program.environment['NIXPACK_DETACH_FD'] ?? ''
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw usageError('--detach only works behind the first word "up", and in a file made by nixpack bundle')
}

const tell = (fd: number, bytes: Buffer): void => {
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
  } catch {
    // EPIPE: whoever waited has gone. That is no reason to stop.
  }
}

const openLog = (context: CommandContext): BackgroundLog => {
  const directories = planDirectories(context)
  makeLastingDirectories(directories, new Set([...findUsedDirectories(context.manifest), 'log']), context.uid)
  const path = `${directories.log}/${context.manifest.name}.log`
  replaceStreams(path)
  return createBackgroundLog(path)
}

/** What is written past all of our code: by Node when it cannot go on, and by the spawner. */
const replaceStreams = (path: string): void => {
  for (const fd of [1, 2]) {
    closeSync(fd)
    // The lowest free number is the one that was just closed (open(2)).
    if (openSync(path, 'a', 0o600) !== fd) throw new NixpackError('CONFIG_UNWRITABLE', `cannot write to "${path}": descriptor ${fd} was taken by others`)
  }
}

type Waiting = Pick<CommandContext, 'timeoutMs'> & { readonly supervisor: Pick<SupervisorControl, 'status' | 'events' | 'isStopping'> }

const arriveWhenReady = ({ supervisor, timeoutMs }: Waiting, arrive: (status: number, text: string) => void): void => {
  const stopLooking = (): void => {
    unsubscribe()
    clearTimeout(timer)
  }
  const finish = (status: number, text: string): void => {
    stopLooking()
    arrive(status, text)
  }
  const look = (): void => {
    // How it ends is the answer then.
    if (supervisor.isStopping) return stopLooking()
    const processes = supervisor.status().filter(({ wanted, state }) => wanted || state === 'failed')
    const lost = processes.filter(({ state }) => state === 'failed')
    if (lost.length > 0) finish(1, renderMissing(lost))
    else if (processes.every(({ state }) => ARRIVED.includes(state))) finish(0, '')
  }
  // What an event leads to is known after it.
  const unsubscribe = supervisor.events.subscribe(() => queueMicrotask(look))
  const timer =
    timeoutMs === undefined ? undefined : setTimeout(() => finish(1, `not everything is ready:\n${renderMissing(findMissing(supervisor))}`), timeoutMs)
  look()
}

const findMissing = (supervisor: Waiting['supervisor']): readonly ProcessStatus[] =>
  supervisor.status().filter(({ wanted, state }) => wanted && !ARRIVED.includes(state))

const ARRIVED: readonly ProcessState[] = ['ready', 'completed', 'scheduled', 'listening']

const renderMissing = (processes: readonly ProcessStatus[]): string =>
  processes.map(({ name, state, reason }) => `${name} is ${state}${reason === '' ? '' : `: ${reason}`}\n`).join('')
