// `up`: the one command that runs something. Reads top to bottom as a run goes by.

import { existsSync } from 'node:fs'
import { createRunDirectory } from '../config/run-directory.ts'
import { NixpackError } from '../contract/errors.ts'
import type { RunPaths } from '../contract/directories.ts'
import { createControlServer } from '../control/server.ts'
import type { ControlServer } from '../control/server.ts'
import { createLinePrinter } from '../log/line-printer.ts'
import { createLogFiles } from '../log/log-files.ts'
import { createLogHub } from '../log/log-hub.ts'
import type { LogHub } from '../log/log-hub.ts'
import { createDemand } from '../supervisor/demand.ts'
import { createIdleMemory } from '../supervisor/idle-memory.ts'
import { createOuterService } from '../supervisor/outer-service.ts'
import type { Outcome } from '../supervisor/outcome.ts'
import { renderLabel } from '../supervisor/pool-plan.ts'
import { createSpawner } from '../supervisor/spawner.ts'
import type { Spawner } from '../supervisor/spawner.ts'
import { createStreamSet } from '../supervisor/stream-set.ts'
import { createSupervisor } from '../supervisor/supervisor.ts'
import type { Supervisor } from '../supervisor/supervisor.ts'
import { acquireInstance, assertAlone } from './claim-instance.ts'
import { createConfiguration } from './configuration.ts'
import type { Command, CommandContext } from './context.ts'
import { createDetachment } from './detach.ts'
import type { Detachment } from './detach.ts'
import { resolveLineStyle } from './line-options.ts'
import { writePidFile } from './pid-file.ts'
import { createPlanObservers } from './plan-observers.ts'
import { createTerminalWatch, watchSignals } from './signals.ts'
import { NOTHING_SELECTED, resolveSelected } from './select-processes.ts'
import { planSource, readSource, writeSource } from './source.ts'
import type { PlannedSource, Source } from './source.ts'

export const up: Command = (given) => bringUp(given)

/** What is done when everything is open; then it all goes down again, and this is the status. */
export type Work = (supervisor: Supervisor) => Promise<number>

/** With work, nothing starts but what the work asks for. */
export const bringUp = async (given: CommandContext, work?: Work): Promise<number> => {
  const { manifest, instance, environment } = given
  const lock = await acquireInstance(given)
  const detachment = createDetachment(given)
  const context = detachment?.context ?? given
  // It starts while the configuration is read.
  const spawner = createSpawner({ shimPath: `${context.runtimeDir}/bin/shim`, environment, warn: (text) => context.report.warn(text) })
  const undo: (() => void)[] = [lock.release, spawner.close]
  try {
    const source = await readSource(context, { kind: 'run', claim: (claimed) => lockState(spawner, claimed) })
    await assertAlone(context, lock, spawner)
    const directory = createRunDirectory(context, { bundle: manifest.name, instance })
    undo.push(directory.remove)
    const planned = planSource(source, directory.paths, work === undefined ? resolveSelected(context) : NOTHING_SELECTED)
    writeSource(planned, directory.paths)
    const { pidFilePath } = planned.plan
    if (pidFilePath !== undefined) undo.push(writePidFile(pidFilePath, process.pid).remove)
    const { status, error } = await supervise({ context, detachment, spawner, paths: directory.paths, source, planned, work })
    if (error !== undefined) throw error
    return status
  } finally {
    for (const step of undo.toReversed()) step()
  }
}

/** What outlives a run has one user at a time, whatever instance it thinks it is. */
const lockState = async (spawner: Spawner, { directories, usedDirectories }: Pick<Source, 'directories' | 'usedDirectories'>): Promise<void> => {
  if (usedDirectories.size === 0 || !existsSync(directories.state)) return
  const answer = await spawner.lock(`${directories.state}/.nixpack.lock`)
  if (answer.held) return
  const holder = answer.pid === undefined ? '' : ` (pid ${answer.pid})`
  throw new NixpackError('STATE_LOCKED', `cannot use the state directory "${directories.state}": another instance is using it${holder}`, {
    hint: 'stop that instance, or choose another directory with --state-dir',
  })
}

type Run = {
  readonly context: CommandContext
  readonly detachment: Detachment | undefined
  readonly spawner: Spawner
  readonly paths: RunPaths
  readonly source: Source
  readonly planned: PlannedSource
  readonly work: Work | undefined
}

const supervise = async ({ context, detachment, spawner, paths, source, planned, work }: Run): Promise<Outcome> => {
  const { report, stdout, uid } = context
  const hub = createLogHub()
  const files = createLogFiles({ report })
  const labels = planned.plan.processes.flatMap((spec) => Array.from({ length: spec.numprocesses }, (_, index) => renderLabel(spec, index + 1)))
  const printer = createLinePrinter({ ...resolveLineStyle(context), output: stdout, labels, isTerminal: context.isTerminal })
  const streams = createStreamSet({ hub, files, printer })
  const reopenLogs = (): void => {
    files.reopen()
    detachment?.reopen()
  }
  const hurry = (): void => {
    for (const output of [context.stdout, context.stderr]) output.hurry()
    setTimeout(hub.hurry, FOLLOWERS_PATIENCE_MS).unref()
  }
  const services = { spawner, demand: createDemand(spawner), fifosDir: paths.fifosDir, uid, hub, streams, report, reopenLogs, hurry }
  const supervisor = createSupervisor({ services, plan: planned.plan })
  void spawner.lost.then((reason) => supervisor.fail(new NixpackError('SPAWNER_LOST', `cannot go on: the spawner is lost: ${reason}`)))
  const configuration = createConfiguration({ context, paths, loaded: { source, planned }, supervisor })
  const outer = createOuterService({ environment: context.environment, supervisor, arrived: supervisor.arrived, tell: spawner.tell })
  const reload = async (): Promise<void> => {
    outer.reloading()
    try {
      const change = await configuration.reload()
      report.info(`configuration read again: ${renderChange(change)}`)
    } catch (error) {
      report.warn(`nothing is changed: ${error instanceof Error ? error.message : String(error)}`)
    }
    outer.reloaded()
  }
  const unwatchSignals = watchSignals({
    down: supervisor.down,
    reopenLogs: supervisor.reopenLogs,
    reload: () => void reload(),
    hasLostTerminal: createTerminalWatch(),
  })
  const idleMemory = createIdleMemory()
  supervisor.events.subscribe(({ kind }) => {
    idleMemory.postponeRelease()
    if (kind === 'scaled' || kind === 'added' || kind === 'changed') printer.setLabels(readLabels(supervisor))
  })
  await supervisor.open()
  const control = await startControl({ context, paths, supervisor, configuration, hub })
  detachment?.answers(supervisor)
  const planObservers = createPlanObservers(supervisor, report)
  const worked = await finishWork(supervisor, work)
  const outcome = await supervisor.done
  idleMemory.cancel()
  planObservers.close()
  outer.close()
  await streams.drain(LAST_DRAIN_MS)
  await streams.close()
  await control?.close()
  unwatchSignals()
  return worked === undefined || outcome.error !== undefined ? outcome : { ...outcome, status: worked }
}

const finishWork = async (supervisor: Supervisor, work: Work | undefined): Promise<number | undefined> => {
  if (work === undefined) return undefined
  try {
    return await work(supervisor)
  } finally {
    if (!supervisor.isStopping) supervisor.down('the work is done')
  }
}

/** A client of `logs -f` that is only slow goes on reading meanwhile. */
const FOLLOWERS_PATIENCE_MS = 1000

/** Descendants that left their session may hold a pipe for ever: silence of so long is the end. */
const LAST_DRAIN_MS = 100

const readLabels = (supervisor: Supervisor): readonly string[] => supervisor.status().flatMap(({ instances }) => instances.map(({ label }) => label))

const renderChange = (change: Readonly<Record<string, readonly string[]>>): string => {
  const parts = Object.entries(change).flatMap(([kind, names]) => (kind === 'kept' || names.length === 0 ? [] : [`${kind} ${names.join(', ')}`]))
  return parts.length === 0 ? 'nothing has changed' : parts.join('; ')
}

type ControlParts = Pick<Run, 'context' | 'paths'> & {
  readonly supervisor: Supervisor
  readonly configuration: ReturnType<typeof createConfiguration>
  readonly hub: LogHub
}

/** Without a control socket the processes run all the same. */
const startControl = async ({ context, paths, ...parts }: ControlParts): Promise<ControlServer | undefined> => {
  const { manifest, instance, stdout, report } = context
  try {
    const linesDropped = (): number => stdout.linesDropped
    return await createControlServer({ ...parts, socketPath: paths.controlSocketPath, name: manifest.name, instance, linesDropped })
  } catch (error) {
    report.warn(`no control socket: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}
