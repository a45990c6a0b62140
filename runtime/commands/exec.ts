// `exec [PROC] COMMAND`: any program with the environment and configuration of the bundle, on our own streams. Of a
// running instance it uses the files that are there; otherwise it has a run directory of its own for as long as it runs.

import { ROUTES } from '../contract/control-routes.ts'
import { NixpackError } from '../contract/errors.ts'
import type { RunSpec } from '../contract/process-spec.ts'
import { callControl } from '../control/client.ts'
import type { Command, CommandContext } from './context.ts'
import { findProgram, planExec, planProgramDirs } from './exec-plan.ts'
import { runAlone, runForeground } from './foreground.ts'
import { resolveTarget } from './target.ts'

export const exec: Command = async (context) => {
  const running = await askRunning(context)
  return running === undefined ? execAlone(context) : execBeside(context, running)
}

type Wanted = { readonly process: string | undefined; readonly command: readonly string[] }

/** A single word is a program, whatever processes are called. */
const splitOperands = (operands: readonly string[], names: readonly string[]): Wanted => {
  const [first = '', ...rest] = operands
  return rest.length > 0 && names.includes(first) ? { process: first, command: rest } : { process: undefined, command: operands }
}

type Running = { readonly command: readonly string[]; readonly run: RunSpec; readonly programDirs: readonly string[]; readonly fifosDir: string }

/** Undefined when the instance is not running. What it runs now counts, wherever that was declared. */
const askRunning = async (context: CommandContext): Promise<Running | undefined> => {
  const target = resolveTarget(context)
  try {
    const { processes } = await callControl(target, ROUTES.status, {})
    const { process, command } = splitOperands(
      context.operands,
      processes.map(({ name }) => name),
    )
    const { run, programDirs, fifosDir } = await callControl(target, ROUTES.execPlan, process === undefined ? {} : { process })
    const { identity, umask, nice, oomScoreAdj, ...rest } = run
    return {
      command,
      run: {
        ...rest,
        command: [],
        program: undefined,
        identity: identity ?? undefined,
        umask: umask ?? undefined,
        nice: nice ?? undefined,
        oomScoreAdj: oomScoreAdj ?? undefined,
      },
      programDirs,
      fifosDir,
    }
  } catch (error) {
    if (error instanceof NixpackError && error.code === 'CONTROL_UNREACHABLE' && error.cause === undefined) return undefined
    throw error
  }
}

const execBeside = (context: CommandContext, { command, run, programDirs, fifosDir }: Running): Promise<number> =>
  runForeground(context, { ...run, command, program: findProgram(command[0] ?? '', programDirs) }, fifosDir)

const execAlone = (context: CommandContext): Promise<number> =>
  runAlone(context, (source, planned) => {
    const { process: wanted, command } = splitOperands(context.operands, Object.keys(source.context.manifest.processes))
    return { ...planExec(source, planned, wanted), command, program: findProgram(command[0] ?? '', planProgramDirs(planned.plan, wanted)) }
  })
