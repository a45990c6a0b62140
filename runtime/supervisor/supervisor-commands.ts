// Commands about what is declared: start, stop, restart, reload, scale. They begin before they return, and their
// promises resolve when all that they are about has arrived.

import type { CommandResult } from '../contract/control.ts'
import type { ReloadMode, StopOptions, SupervisorControl } from '../contract/control-supervisor.ts'
import { NixpackError } from '../contract/errors.ts'
import type { ProcessSpec, ReloadSpec } from '../contract/process-spec.ts'
import { describeFailing } from './describe.ts'
import { resolveName, resolveSelection, selectInstances } from './fleet.ts'
import type { Selection } from './fleet.ts'
import { resolveDependencies, resolveRestarted } from './graph.ts'
import type { Verb } from './jobs.ts'
import { isFailingOn } from './pool-plan.ts'
import type { Instance, Pool } from './pool.ts'
import type { ProcessRecord } from './state.ts'
import type { Core } from './supervisor-core.ts'

export type Commands = Pick<SupervisorControl, 'start' | 'stop' | 'restart' | 'reload' | 'scale'>

export const createCommands = (core: Core): Commands => {
  const { fleet, jobs } = core
  const reload = async (pool: Pool, mode: ReloadMode): Promise<string | undefined> => {
    const { reload: declared } = pool.spec
    const effective: ReloadSpec | 'terminate' = mode === 'declared' ? declared : mode
    if (effective === 'graceful' || effective === 'sequential') return core.reload(pool, effective)
    if (effective === 'terminate') {
      await jobs.begin({ verbs: new Map([[pool.name, 'restart']]), selection: new Map() })
      return undefined
    }
    for (const { runner } of pool.instances) if (runner.record.pid !== undefined) runner.run?.sendSignal(effective.signal, false)
    return undefined
  }
  const run = async (verb: 'start' | 'stop' | 'restart', selection: Selection, how: StopOptions = {}): Promise<CommandResult> => {
    const verbs = planVerbs(core, verb, selection)
    return track(core, new Map([...verbs.keys()].map((name) => [name, selection.get(name)])), async () => {
      const overridden = await jobs.begin({ verbs, selection, how })
      return new Map(overridden.filter((name) => selection.has(name)).map((name) => [name, 'another command came in between']))
    })
  }
  return {
    async start(names) {
      core.assertOpen('start processes')
      const selection = resolveSelection(fleet, names)
      const isMeant = (name: string): boolean => names.length > 0 || fleet.find(name)?.spec.autostart === true
      return run('start', new Map([...selection].filter(([name]) => isMeant(name))))
    },
    async stop(names, options = {}) {
      core.assertOpen('stop processes')
      return run('stop', resolveSelection(fleet, names), options)
    },
    async restart(names, options = {}) {
      core.assertOpen('restart processes')
      const selection = resolveSelection(fleet, names)
      const isMeant = (name: string): boolean => names.length > 0 || fleet.find(name)?.isWanted === true
      return run('restart', new Map([...selection].filter(([name]) => isMeant(name))), options)
    },
    async reload(names, mode) {
      core.assertOpen('reload processes')
      const pools = [...resolveSelection(fleet, names).keys()].flatMap((name) => fleet.find(name) ?? []).filter(({ isWanted }) => isWanted)
      const reloadAll = async (): Promise<Failures> => {
        const failures = await Promise.all(pools.map(async (pool) => [pool.name, await reload(pool, mode)] as const))
        return new Map(failures.flatMap(([name, failure]) => (failure === undefined ? [] : [[name, failure]])))
      }
      return track(core, new Map(pools.map(({ name }) => [name, undefined])), reloadAll)
    },
    async scale(name, numprocesses) {
      core.assertOpen(`scale "${name}"`)
      const { pool, index } = resolveName(fleet, name)
      if (index !== undefined) throw new NixpackError('CONTROL_REFUSED', `cannot scale "${name}": it is one instance of several`)
      return track(core, new Map([[pool.name, undefined]]), async () => {
        pool.scale(numprocesses)
        core.events.publish({ kind: 'scaled', process: pool.name, label: null, state: null, pid: null, text: `has ${pool.count} instances from now on` })
        core.advance()
        await core.when(() => (hasSettled(pool) || fleet.find(pool.name) !== pool ? true : undefined))
        return new Map()
      })
    },
  }
}

/** Name of a process -> why it could not be done. */
type Failures = ReadonlyMap<string, string>

/** What became of the instances, by comparison. */
const track = async ({ fleet }: Core, selection: Selection, deed: () => Promise<Failures>): Promise<CommandResult> => {
  const before = readPids(selectInstances(fleet, selection))
  // What had failed already, and is left alone, is not what this command has come to.
  const earlier = new Set(selectInstances(fleet, selection).map(({ runner }) => runner.record))
  const failures = await deed()
  const selected = new Set(selectInstances(fleet, selection))
  const after = readPids([...selected])
  // What waits for its next start and has an end to it is told when that comes.
  const hasFailed = (spec: ProcessSpec, record: ProcessRecord): boolean => isFailingOn(spec, record) || (record.state === 'failed' && !earlier.has(record))
  const failed = fleet.pools.flatMap(({ spec, instances }) => instances.filter((instance) => selected.has(instance) && hasFailed(spec, instance.runner.record)))
  return {
    started: after.filter((pid) => !before.includes(pid)),
    kept: after.filter((pid) => before.includes(pid)),
    stopped: before.filter((pid) => !after.includes(pid)),
    failed: [
      ...failed.map(({ label, runner }) => ({ label, reason: describeFailing(runner.record, performance.now()) })),
      ...[...failures].map(([label, reason]) => ({ label, reason })),
    ],
  }
}

const readPids = (instances: readonly Instance[]): readonly number[] => instances.flatMap(({ runner }) => runner.record.pid ?? [])

/** All there are to be are up, or will not be; nobody is on the way out. */
const hasSettled = ({ instances, spec }: Pool): boolean =>
  instances.every(({ role, runner: { record } }) => role === 'member' && (!record.wanted || ARRIVED.has(record.state) || isFailingOn(spec, record)))

const ARRIVED: ReadonlySet<string> = new Set(['ready', 'listening', 'scheduled', 'completed', 'failed'])

/** Others that are concerned: what has to run for it, and what goes down with it. */
const planVerbs = ({ fleet }: Core, verb: 'start' | 'stop' | 'restart', selection: Selection): ReadonlyMap<string, Verb> => {
  const whole = [...selection].filter(([, indexes]) => indexes === undefined).map(([name]) => name)
  const isAtRest = (name: string): boolean => fleet.find(name)?.instances.every(({ runner }) => runner.record.state === 'stopped') === true
  const others: readonly (readonly [string, Verb])[] =
    verb === 'start'
      ? resolveDependencies(fleet.specs, [...selection.keys()])
          .filter(isAtRest)
          .map((name) => [name, 'start'])
      : whole.flatMap((name) =>
          resolveRestarted(fleet.specs, name)
            .filter((other) => !isAtRest(other))
            .map((other) => [other, verb === 'stop' ? 'follow' : 'restart']),
        )
  return new Map<string, Verb>([...others, ...[...selection.keys()].map((name): [string, Verb] => [name, verb])])
}

/** As long as it has no name of its own in the fleet. */
export const hasName = (specs: readonly ProcessSpec[], name: string): boolean => specs.some((spec) => spec.name.toLowerCase() === name.toLowerCase())
