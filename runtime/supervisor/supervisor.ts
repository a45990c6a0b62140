// All processes of a bundle: what control and the command `up` see of the supervisor. A failing process is an event
// here, never an exception.

import type { SupervisorControl } from '../contract/control-supervisor.ts'
import { NixpackError } from '../contract/errors.ts'
import { renderSuggestion } from '../contract/nearest-name.ts'
import type { Plan } from '../contract/process-spec.ts'
import { describeProcess, narrowStatus } from './describe.ts'
import { createExplanation } from './explain.ts'
import { resolveName, resolveSelection, selectInstances } from './fleet.ts'
import { judge, renderCondition, resolveReadiness, resolveDependencies } from './graph.ts'
import type { Outcome } from './outcome.ts'
import type { Pool } from './pool.ts'
import type { RunnerServices } from './runner-services.ts'
import { createSockets } from './sockets.ts'
import { createCommands } from './supervisor-commands.ts'
import { createCore, OF_THE_BUNDLE } from './supervisor-core.ts'
import { LINES_SHOWN } from './supervisor-news.ts'
import { createPlanning } from './supervisor-plan.ts'
import { signalInstance } from './supervisor-signal.ts'
import { startTask } from './task.ts'

export type Supervisor = SupervisorControl & {
  /** Binds the sockets first; rejects when one cannot be had. Without sockets the first programs start at once. */
  open(): Promise<void>
  /** Everything that starts by itself has arrived for the first time: ready, done, or waiting for its time. */
  readonly arrived: Promise<true>
  /** What cannot go on: everything is killed, and this is the outcome. */
  fail(error: NixpackError): void
  readonly done: Promise<Outcome>
}

export type SupervisorOptions = {
  readonly services: Omit<RunnerServices, 'socketAddresses'> & {
    readonly reopenLogs: () => void
    /** Somebody waits for the end: readers of lines have had their time. */
    readonly hurry: () => void
  }
  readonly plan: Plan
}

export const createSupervisor = ({ services: given, plan }: SupervisorOptions): Supervisor => {
  const sockets = createSockets(given.spawner)
  const services: RunnerServices = { ...given, socketAddresses: () => sockets.addresses }
  const { processes, sockets: declaredSockets, ...declared } = plan
  const core = createCore(services, declared, given.hurry)
  const { fleet, chronicle } = core
  const commands = createCommands(core)
  const planning = createPlanning(core, sockets, commands)
  for (const spec of processes) core.insert(spec)
  const arrived = Promise.withResolvers<true>()

  const statusOf = (pool: Pool) =>
    describeProcess({
      pool,
      counters: chronicle.counters(pool.name),
      nowMs: performance.now(),
      epochMs: Date.now(),
      waitingFor: Object.entries(pool.spec.dependsOn)
        .filter(([name, { condition }]) => judge(fleet.standingOf(name), condition) !== 'met')
        .map(([name, { condition }]) => `"${name}" to be ${renderCondition(condition)}`),
    })
  return {
    ...commands,
    get plan() {
      return planning.plan
    },
    add: planning.add,
    remove: planning.remove,
    update: planning.update,
    apply: planning.apply,
    async open() {
      if (declaredSockets.length > 0) await sockets.open(declaredSockets)
      core.events.publish({ ...OF_THE_BUNDLE, text: 'is starting' })
      core.together(() => {
        for (const pool of fleet.pools) if (pool.spec.autostart) pool.start()
      })
      void core
        .when(() => (fleet.pools.every(hasArrived) ? true : undefined))
        .then(() => {
          core.events.publish({ ...OF_THE_BUNDLE, text: 'is ready' })
          arrived.resolve(true)
        })
      core.advance()
    },
    arrived: arrived.promise,
    status: () => fleet.pools.map(statusOf),
    explain(name) {
      const { pool, index } = resolveName(fleet, name)
      const shown = pool.instances.find(({ runner }) => (index === undefined ? runner.run !== undefined : runner.index === index))
      return createExplanation({
        spec: pool.spec,
        specs: fleet.specs,
        status: index === undefined ? statusOf(pool) : narrowStatus(statusOf(pool), index),
        standingOf: fleet.standingOf,
        stateOf: (other) => fleet.pools.filter((one) => one.name === other).map((one) => statusOf(one).state)[0] ?? 'stopped',
        changes: chronicle.changes(pool.name),
        lastLines: services.hub.lastLines(shown?.runner.run?.label ?? shown?.label ?? pool.name, LINES_SHOWN),
      })
    },
    events: core.events,
    sockets: () => sockets.status(fleet.specs),
    signal(names, signal, options) {
      core.assertOpen(`send ${signal}`)
      return selectInstances(fleet, resolveSelection(fleet, names)).flatMap((instance) => signalInstance(instance, signal, options))
    },
    runTask(name, words, listeners) {
      core.assertOpen(`run task "${name}"`)
      const task = core.declared.tasks.find((one) => one.name === name)
      if (task === undefined) {
        const known = core.declared.tasks.map((one) => one.name)
        throw new NixpackError('CONTROL_REFUSED', `cannot find task "${name}"${renderSuggestion(name, known)}`, {
          hint: known.length === 0 ? 'the manifest declares none' : `name one of: ${known.join(', ')}`,
        })
      }
      const needed = [...Object.keys(task.dependsOn), ...resolveDependencies(fleet.specs, Object.keys(task.dependsOn))]
      for (const other of needed) if (fleet.find(other)?.isWanted === false && fleet.standingOf(other) === 'pending') fleet.find(other)?.start()
      const dependencies = core
        .when(() => {
          const readiness = resolveReadiness(task, fleet.standingOf)
          if (readiness.kind === 'failed') return readiness.reason
          if (core.isStopping) return 'the bundle is stopping'
          return readiness.kind === 'pending' ? undefined : ''
        })
        .then((refusal) => {
          if (refusal !== '') throw new NixpackError('CONTROL_REFUSED', `cannot run task "${name}": ${refusal}`)
        })
      const run = startTask({ services, task, words, listeners, dependencies })
      core.keepFor(run.status)
      core.advance()
      return run
    },
    extendedStats: async (label) => {
      const { pool, index } = resolveName(fleet, label)
      return pool.instances.find(({ runner }) => runner.index === (index ?? runner.index))?.runner.run?.extendedStats()
    },
    reopenLogs: given.reopenLogs,
    down(reason) {
      services.report.info(`${core.isStopping ? 'killing' : 'stopping'}: ${reason}`)
      core.end()
    },
    fail: core.fail,
    get isStopping() {
      return core.isStopping
    },
    done: core.done,
  }
}

const hasArrived = ({ spec, instances, standing }: Pool): boolean =>
  !spec.autostart || standing === 'ready' || standing === 'completed' || instances.every(({ runner }) => RESTING.has(runner.record.state))

const RESTING: ReadonlySet<string> = new Set(['scheduled', 'listening', 'completed', 'stopped', 'failed'])
