// All processes by name, in the order of the plan, and what they mean to each other.

import { NixpackError } from '../contract/errors.ts'
import { renderSuggestion } from '../contract/nearest-name.ts'
import type { ProcessSpec } from '../contract/process-spec.ts'
import { resolveReadiness, resolveRestarted, sortByPriority } from './graph.ts'
import type { Standing } from './graph.ts'
import type { Instance, InstanceChange, Pool } from './pool.ts'

export type Fleet = {
  readonly pools: readonly Pool[]
  readonly specs: readonly ProcessSpec[]
  find(name: string): Pool | undefined
  readonly standingOf: (name: string) => Standing
  insert(pool: Pool): void
  remove(name: string): void
  /** Names in the order of a new plan; whoever is not in it comes last. */
  arrange(names: readonly string[]): void
}

export const createFleet = (): Fleet => {
  let pools = new Map<string, Pool>()
  return {
    get pools() {
      return [...pools.values()]
    },
    get specs() {
      return [...pools.values()].map(({ spec }) => spec)
    },
    find: (name) => pools.get(name),
    // Somebody who is not there will not come either, but may be added.
    standingOf: (name) => pools.get(name)?.standing ?? 'pending',
    insert: (pool) => void pools.set(pool.name, pool),
    remove: (name) => void pools.delete(name),
    arrange(names) {
      const rest = [...pools.keys()].filter((name) => !names.includes(name))
      pools = new Map([...names, ...rest].flatMap((name) => entryOf(pools, name)))
    },
  }
}

const entryOf = (pools: ReadonlyMap<string, Pool>, name: string): readonly (readonly [string, Pool])[] => {
  const pool = pools.get(name)
  return pool === undefined ? [] : [[name, pool]]
}

/** Everybody whose turn it is; the larger priority first. */
export const admitReady = ({ pools, standingOf }: Fleet): void => {
  const waiting = pools.filter(({ instances }) => instances.some(({ runner }) => runner.record.state === 'waiting'))
  for (const { pool } of sortByPriority(waiting.map((pool) => ({ pool, priority: pool.spec.priority })))) {
    const readiness = resolveReadiness(pool.spec, standingOf)
    if (readiness.kind === 'met') pool.admit()
    if (readiness.kind === 'failed') pool.refuse(readiness.reason)
  }
}

/** The run of a dependency is over: whoever wants to be restarted with it goes down and waits for it. */
export const restartDependents = (fleet: Fleet, { pool, instance, before, after }: InstanceChange): void => {
  const hasEnded = after.state === 'clearing' && before.state !== 'clearing' && !after.succeeded
  if (!hasEnded || instance.role !== 'member') return
  if (pool.instances.some(({ runner }) => runner.record.state === 'ready')) return
  for (const name of resolveRestarted(fleet.specs, pool.name)) fleet.find(name)?.restartUp(`"${pool.name}" is restarted`)
}

/** Which instances a command is about; undefined: all of that process. */
export type Selection = ReadonlyMap<string, readonly number[] | undefined>

/** NAME or NAME:INDEX; none at all mean every process. Throws CONTROL_REFUSED for what is unknown. */
export const resolveSelection = (fleet: Fleet, names: readonly string[]): Selection => {
  if (names.length === 0) return new Map(fleet.pools.map(({ name }) => [name, undefined]))
  const selection = new Map<string, readonly number[] | undefined>()
  for (const name of names) {
    const { pool, index } = resolveName(fleet, name)
    const known = selection.get(pool.name)
    const isWhole = index === undefined || (selection.has(pool.name) && known === undefined)
    selection.set(pool.name, isWhole ? undefined : [...(known ?? []), index])
  }
  return selection
}

export const selectInstances = (fleet: Fleet, selection: Selection): readonly Instance[] =>
  [...selection].flatMap(([name, indexes]) => (fleet.find(name)?.instances ?? []).filter(({ runner }) => indexes?.includes(runner.index) ?? true))

export const resolveName = (fleet: Fleet, text: string): { readonly pool: Pool; readonly index: number | undefined } => {
  const [, name = text, digits] = /^(.*):(\d{1,4})$/.exec(text) ?? []
  const pool = fleet.find(name)
  const index = digits === undefined ? undefined : Number(digits)
  const isThere = index === undefined || pool?.instances.some(({ runner }) => runner.index === index) === true
  if (pool !== undefined && isThere) return { pool, index }
  const known = pool === undefined ? fleet.pools.map((one) => one.name) : pool.instances.map(({ label }) => label)
  throw new NixpackError('CONTROL_REFUSED', `cannot find process "${text}"${renderSuggestion(text, known)}`, {
    hint: known.length === 0 ? 'there is none at the moment' : `name one of: ${known.join(', ')}`,
  })
}
