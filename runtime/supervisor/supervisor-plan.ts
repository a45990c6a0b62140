// Changes of what is declared, while it runs: one process, or everything by a new plan. What is the same goes on.

import type { CommandResult, PlanChange } from '../contract/control.ts'
import type { SupervisorControl } from '../contract/control-supervisor.ts'
import { NixpackError } from '../contract/errors.ts'
import type { Plan, ProcessSpec } from '../contract/process-spec.ts'
import { resolveName } from './fleet.ts'
import { resolveDependencies, resolveDependents } from './graph.ts'
import type { Verb } from './jobs.ts'
import { planChange, planSocketChange } from './plan-change.ts'
import type { SocketChange } from './plan-change.ts'
import type { Pool } from './pool.ts'
import type { Sockets } from './sockets.ts'
import { hasName } from './supervisor-commands.ts'
import type { Commands } from './supervisor-commands.ts'
import { OF_THE_BUNDLE } from './supervisor-core.ts'
import type { Core } from './supervisor-core.ts'

export type Planning = Pick<SupervisorControl, 'add' | 'remove' | 'update' | 'apply' | 'plan'>

export const createPlanning = (core: Core, sockets: Sockets, commands: Commands): Planning => {
  const { fleet, events } = core
  const readPlan = (): Plan => ({ ...core.declared, processes: fleet.specs, sockets: sockets.specs })
  /** A socket that could not be bound is tried again. */
  const readOpen = (): Plan => ({ ...readPlan(), sockets: sockets.specs.filter(({ name }) => sockets.addresses.has(name)) })
  const tell = (kind: 'added' | 'removed' | 'changed', process: string, text: string): void =>
    events.publish({ kind, process, label: null, state: null, pid: null, text })
  const run = async (verb: 'start' | 'stop', names: readonly string[]): Promise<void> => {
    if (names.length === 0) return
    await core.jobs.begin({ verbs: new Map(names.map((name): [string, Verb] => [name, verb])), selection: new Map() })
  }
  const isUp = (name: string): boolean => fleet.find(name)?.isSettled === false
  /** Whoever starts one of them meanwhile is too late. False: the bundle stops, and everything with it. */
  const stopForGood = async (names: readonly string[]): Promise<boolean> => {
    for (let left = names; left.length > 0 && !core.isStopping; left = names.filter(isUp)) await run('stop', left)
    return !core.isStopping
  }
  const exchangeProcesses = (next: Plan, { added, changed, removed }: PlanChange): void => {
    for (const name of removed) core.remove(name)
    for (const spec of next.processes) {
      const pool = fleet.find(spec.name)
      if (pool === undefined) core.insert(spec)
      else if (changed.includes(spec.name)) {
        pool.replaceSpec(spec)
        pool.scale(spec.numprocesses)
      }
    }
    fleet.arrange(next.processes.map(({ name }) => name))
    for (const name of added) tell('added', name, 'is declared from now on')
    for (const name of changed) tell('changed', name, 'is declared in another way from now on')
    for (const name of removed) tell('removed', name, 'is no longer declared')
  }
  const replaceInPlace = (next: Plan, { kept, scaled }: PlanChange): void => {
    core.declared = next
    for (const spec of next.processes) {
      if (kept.includes(spec.name) || scaled.includes(spec.name)) fleet.find(spec.name)?.replaceSpec(spec)
      if (scaled.includes(spec.name)) void commands.scale(spec.name, spec.numprocesses)
    }
    core.advance()
  }
  const carryOut = async (next: Plan, earlier: Promise<void> | undefined): Promise<void> => {
    if (earlier !== undefined) await earlier
    if (core.isStopping) return
    const before = readOpen()
    const change = planChange(before, next)
    const leaving = [...change.changed, ...change.removed]
    const wanted = new Set(change.changed.filter((name) => wantsToRun(fleet.find(name))))
    replaceInPlace(next, change)
    if (!(await stopForGood(leaving))) return
    await exchangeSockets(core, sockets, planSocketChange(before, next))
    if (!(await stopForGood(leaving.filter(isUp)))) return
    exchangeProcesses(next, change)
    const started = next.processes.filter(({ name, autostart }) => wanted.has(name) || (autostart && change.added.includes(name)))
    await run(
      'start',
      started.map(({ name }) => name),
    )
    events.publish({ ...OF_THE_BUNDLE, text: 'has another plan' })
  }
  /** The latest plan that is not yet true, and when it is. */
  let upcoming: { readonly plan: Plan; readonly done: Promise<void> } | undefined
  return {
    get plan() {
      return readPlan()
    },
    add(spec) {
      core.assertOpen(`add "${spec.name}"`)
      if (hasName(fleet.specs, spec.name)) throw new NixpackError('CONTROL_REFUSED', `cannot add "${spec.name}": there is a process of that name`)
      assertKnown(fleet.specs, spec)
      core.insert(spec)
      tell('added', spec.name, 'is declared from now on')
      core.advance()
    },
    async remove(name, { keepRunning }) {
      core.assertOpen(`remove "${name}"`)
      const { pool } = resolveName(fleet, name)
      const needing = resolveDependents(fleet.specs, pool.name)
      if (needing.length > 0) throw new NixpackError('CONTROL_REFUSED', `cannot remove "${name}": "${needing.join('", "')}" depends on it`)
      const result: CommandResult = keepRunning ? keepAll(pool) : await commands.stop([name])
      // While the bundle stops, everybody stays until the end.
      if (!keepRunning && !(await stopForGood([pool.name].filter(isUp)))) return result
      core.remove(pool.name)
      tell('removed', pool.name, keepRunning ? 'is no longer ours' : 'is no longer declared')
      core.advance()
      return result
    },
    async update(spec, { restarts }) {
      core.assertOpen(`change "${spec.name}"`)
      const { pool } = resolveName(fleet, spec.name)
      assertKnown(fleet.specs, spec)
      const isScaled = pool.spec.numprocesses !== spec.numprocesses || spec.singleton
      pool.replaceSpec(spec)
      tell('changed', spec.name, 'is declared in another way from now on')
      core.advance()
      if (restarts && pool.isWanted) {
        if (isScaled) pool.scale(spec.numprocesses)
        return commands.reload([spec.name], 'declared')
      }
      return isScaled ? commands.scale(spec.name, spec.numprocesses) : keepAll(pool)
    },
    apply(next) {
      core.assertOpen('change the plan')
      const change = planChange(upcoming?.plan ?? readOpen(), next)
      const current = { plan: next, done: carryOut(next, upcoming?.done) }
      upcoming = current
      void current.done.then(() => {
        if (upcoming === current) upcoming = undefined
      })
      return change
    },
  }
}

/** Nothing was asked of its instances: what some of them had come to before is not the answer. */
const keepAll = ({ instances }: Pool): CommandResult => ({
  started: [],
  kept: instances.flatMap(({ runner }) => runner.record.pid ?? []),
  stopped: [],
  failed: [],
})

/** What has failed gets another chance with another declaration; what somebody has stopped does not. */
const wantsToRun = (pool: Pool | undefined): boolean =>
  pool !== undefined && (pool.isWanted || pool.members.some(({ state, isLeaving }) => state === 'failed' && !isLeaving))

const assertKnown = (specs: readonly ProcessSpec[], spec: ProcessSpec): void => {
  const { name, dependsOn } = spec
  const others = specs.filter((other) => other.name !== name)
  const missing = Object.keys(dependsOn).find((needed) => !others.some((other) => other.name === needed))
  const reason = missing === name ? 'it depends on itself' : `it depends on "${missing}", which is not declared`
  if (missing !== undefined) throw new NixpackError('CONTROL_REFUSED', `cannot declare "${name}": ${reason}`)
  const waiting = Object.keys(dependsOn).find((needed) => resolveDependencies([...others, spec], [needed]).includes(name))
  if (waiting !== undefined) throw new NixpackError('CONTROL_REFUSED', `cannot declare "${name}": it would wait for "${waiting}", which waits for it`)
}

/** Nobody uses them at this moment. What cannot be bound is told; whoever wants it cannot be started, and says so. */
const exchangeSockets = async ({ services }: Core, sockets: Sockets, { opened, closed }: SocketChange): Promise<void> => {
  sockets.close(closed)
  for (const spec of opened) {
    try {
      await sockets.open([spec])
    } catch (error) {
      services.report.warn(error instanceof Error ? error.message : String(error))
    }
  }
}
