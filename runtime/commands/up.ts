// `up`: the one command that runs something. Reads top to bottom as a run goes by.

import { setTimeout } from 'node:timers/promises'

import { createRunDirectory } from '../config/run-directory.ts'
import { planProcesses } from '../config/plan-processes.ts'
import { writeFiles } from '../config/write-files.ts'
import { acquireInstanceLock } from '../control/instance-lock.ts'
import type { ControlOptions, ControlServer } from '../control/server.ts'
import { createLogHub } from '../log/log-hub.ts'
import { createPrefixer, wantsColour } from '../log/prefix.ts'
import { createStreamSet } from '../supervisor/stream-set.ts'
import { createSupervisor } from '../supervisor/supervisor.ts'
import type { Outcome } from '../supervisor/outcome.ts'
import type { RunPaths } from '../contract/directories.ts'
import type { Command, CommandContext } from './context.ts'
import { readVariables, renderConfiguration } from './preparation.ts'
import { watchSignals } from './signals.ts'

export const up: Command = async (context) => {
  const { manifest, instance, uid } = context
  const variables = readVariables(context, true)
  const lock = await acquireInstanceLock({ uid, bundle: manifest.name, instance })
  const directory = createRunDirectory(context, { bundle: manifest.name, instance })
  try {
    writeFiles(renderConfiguration(context, variables, directory.paths), directory.paths.filesDir)
    const specs = planProcesses(manifest, { ...context, variables, paths: directory.paths })
    const { status, error } = await supervise(context, directory.paths, specs)
    if (error !== undefined) throw error
    return status
  } finally {
    directory.remove()
    lock.release()
  }
}

const supervise = async (context: CommandContext, paths: RunPaths, specs: ReturnType<typeof planProcesses>): Promise<Outcome> => {
  const { manifest, report, stdout, runtimeDir } = context
  const names = specs.map(({ name }) => name)
  const prefix = createPrefixer({ names, colour: wantsColour(context.environment, context.isTerminal) })
  const hub = createLogHub({ processes: names, write: (name, lines) => stdout.write(prefix(name, lines), lines.count) })
  const streams = createStreamSet()
  stdout.onCongestion((isCongested) => streams.setPaused(isCongested))
  const supervisor = createSupervisor({
    specs,
    exitPolicy: manifest.exitPolicy,
    shimPath: `${runtimeDir}/bin/shim`,
    fifosDir: paths.fifosDir,
    hub,
    streams,
    report,
  })
  const unwatchSignals = watchSignals(supervisor)
  supervisor.start()
  const control = startControl(context, { socketPath: paths.controlSocketPath, supervisor, hub })
  const outcome = await supervisor.done
  await streams.drain(stdout.isCongested ? CONGESTED_DRAIN_MS : LAST_DRAIN_MS)
  streams.destroy()
  const server = await control
  await server?.close()
  unwatchSignals()
  return outcome
}

/** Descendants that left their session may hold a pipe for ever. */
const LAST_DRAIN_MS = 100
const CONGESTED_DRAIN_MS = 5000

type ControlParts = Pick<ControlOptions, 'socketPath' | 'supervisor' | 'hub'>

/** Loading HTTP takes some 10 ms in which nothing else happens here: by then the first programs are on their way. */
const HTTP_DELAY_MS = 10

/** HTTP is loaded while the processes are starting. Without a control socket they run all the same. */
const startControl = async (context: CommandContext, parts: ControlParts): Promise<ControlServer | undefined> => {
  const { manifest, instance, stdout, report } = context
  try {
    await setTimeout(HTTP_DELAY_MS)
    const { createControlServer } = await import('../control/server.ts')
    const linesDropped = (): number => stdout.linesDropped
    return await createControlServer({ ...parts, name: manifest.name, instance, linesDropped })
  } catch (error) {
    report.warn(`no control socket: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}
