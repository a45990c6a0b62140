// Commands at the turning points of a process' life. The facts are in the environment; what they print is part of the
// log of the process.

import { constants } from 'node:os'
import type { HookName } from '../contract/manifest-schema.ts'
import type { HookSpec, RunSpec } from '../contract/process-spec.ts'
import { renderExit } from './child-exit.ts'
import type { CommandEnd, CommandRunner } from './probe-command.ts'
import type { ChildExit } from './state.ts'

export type HookFacts = {
  readonly process: string
  readonly index: number
  readonly pid?: number | undefined
  readonly signal?: NodeJS.Signals | undefined
  readonly exit?: ChildExit | undefined
}

export type HookRequest = {
  readonly name: HookName
  readonly hook: HookSpec
  /** Of the instance: the hook runs as the process does. */
  readonly run: RunSpec
  readonly facts: HookFacts
  readonly runCommand: CommandRunner
  /** Told of every failure, also of one that is ignored. */
  readonly report: (reason: string) => void
  readonly signal?: AbortSignal
}

/** Whether what the hook stands before may go on, or what it stands behind may stay. */
export const runHook = async ({ name, hook, run, facts, runCommand, report, signal }: HookRequest): Promise<boolean> => {
  const end = await runCommand({
    run: { ...run, command: hook.command, program: undefined, environment: { ...run.environment, ...planHookEnvironment(name, facts) } },
    output: 'log',
    timeoutMs: hook.timeoutMs,
    ...(signal === undefined ? {} : { signal }),
  })
  const failure = describeFailure(end, hook.timeoutMs)
  if (failure === undefined) return true
  if (end.kind !== 'aborted') report(`hook ${name} ${failure}`)
  return hook.ignoreFailure || !DECIDING.has(name)
}

/** Nothing is undone for the others when they fail, as in circus: what they stand for has happened, or must happen. */
const DECIDING: ReadonlySet<HookName> = new Set<HookName>(['beforeStart', 'afterStart', 'beforeSpawn', 'afterSpawn', 'beforeSignal'])

const describeFailure = (end: CommandEnd, timeoutMs: number): string | undefined => {
  if (end.kind === 'exit') return end.exit.kind === 'code' && end.exit.code === 0 ? undefined : renderExit(end.exit)
  return end.kind === 'timeout' ? `was killed: it took more than ${timeoutMs} ms` : 'was cut off'
}

export const planHookEnvironment = (name: HookName, { process, index, pid, signal, exit }: HookFacts): Readonly<Record<string, string>> => ({
  NIXPACK_HOOK: name,
  NIXPACK_PROCESS: process,
  NIXPACK_INDEX: String(index),
  ...(pid === undefined ? {} : { NIXPACK_PID: String(pid) }),
  ...(signal === undefined ? {} : { NIXPACK_SIGNAL: signal }),
  ...(exit === undefined ? {} : { NIXPACK_EXIT_CODE: String(resolveExitCode(exit)) }),
})

/** Negative for a signal, as circus has it. */
const resolveExitCode = (exit: ChildExit): number => {
  if (exit.kind === 'signal') return -constants.signals[exit.signal]
  return exit.kind === 'code' ? exit.code : exit.status
}
