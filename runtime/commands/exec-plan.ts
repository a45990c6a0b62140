// How a program is run beside the declared ones: with the environment of a process, or, without one, with what any
// process gets and every declared variable.

import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import { pickCleanEnvironment } from '../config/user-environment.ts'
import type { InstanceContext, Plan, RunSpec } from '../contract/process-spec.ts'
import type { PlannedSource, Source } from './source.ts'

/** `command` is still to be filled in. */
export const planExec = ({ context, variables }: Source, { plan }: PlannedSource, process: string | undefined): RunSpec => {
  const spec = plan.processes.find(({ name }) => name === process)
  if (spec !== undefined) return { ...spec.planInstance(firstInstance(plan)).run, command: [], program: undefined }
  const declared = [...variables.values()].filter(({ source }) => source !== 'unset').map(({ name, text }) => [name, text])
  return {
    command: [],
    program: undefined,
    environment: { ...pickCleanEnvironment(context.environment), ...Object.fromEntries(declared) },
    workingDir: context.workingDir,
    identity: undefined,
    umask: undefined,
    nice: undefined,
    oomScoreAdj: undefined,
    rlimits: [],
  }
}

const firstInstance = ({ sockets }: Plan): InstanceContext => ({ index: 1, socketAddresses: new Map(sockets.map(({ name, address }) => [name, address])) })

/** Where the programs of the declared processes are, their siblings are, too: the process in question first. */
export const planProgramDirs = ({ processes, tasks, sockets, ...rest }: Plan, process: string | undefined): readonly string[] => {
  const context = firstInstance({ processes, tasks, sockets, ...rest })
  const sorted = [...processes].sort((left, right) => Number(right.name === process) - Number(left.name === process))
  const commands = [...sorted.map(({ planInstance }) => planInstance(context).run), ...tasks.map(({ planRun }) => planRun(context))]
  return [
    ...new Set(
      commands
        .flatMap(({ program, command: [word = ''] }) => [program ?? word])
        .filter((path) => path.startsWith('/'))
        .map((path) => dirname(path)),
    ),
  ]
}

/** Undefined: to be found by PATH. */
export const findProgram = (word: string, dirs: readonly string[]): string | undefined =>
  word.includes('/') ? undefined : dirs.map((dir) => `${dir}/${word}`).find(isExecutable)

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    // ENOENT, EACCES: not this one.
    return false
  }
}
