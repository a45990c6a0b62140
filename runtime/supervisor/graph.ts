// Dependencies between processes: may this one start, may that one stop, who goes down with whom, how long can a stop
// take. Pure.

import type { ProcessState } from '../contract/control.ts'
import type { DependencyCondition, ProcessSpec } from '../contract/process-spec.ts'

export type Node = Pick<ProcessSpec, 'name' | 'dependsOn'>

/** What dependents need to know of a process, all its instances taken together. */
export type Standing = 'pending' | 'started' | 'ready' | 'completed' | 'failed'

export type Readiness =
  | { readonly kind: 'met' }
  | { readonly kind: 'pending'; readonly waitingFor: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: string }

export const resolveReadiness = (node: Node, standingOf: (name: string) => Standing): Readiness => {
  const waitingFor: string[] = []
  for (const [name, { condition }] of Object.entries(node.dependsOn)) {
    const answer = judge(standingOf(name), condition)
    if (answer === 'failed') return { kind: 'failed', reason: `"${name}" ended, and it had to be ${renderCondition(condition)}` }
    if (answer === 'pending') waitingFor.push(name)
  }
  return waitingFor.length === 0 ? { kind: 'met' } : { kind: 'pending', waitingFor }
}

/** A process that has done its work successfully satisfies every condition. */
export const judge = (standing: Standing, condition: DependencyCondition): 'met' | 'pending' | 'failed' => {
  if (standing === 'completed') return 'met'
  if (standing === 'failed') return 'failed'
  if (condition === 'completed_successfully') return 'pending'
  return standing === 'ready' || (condition === 'started' && standing === 'started') ? 'met' : 'pending'
}

export const renderCondition = (condition: DependencyCondition): string => (condition === 'completed_successfully' ? 'completed successfully' : condition)

export const isSettled = (state: ProcessState): boolean => state === 'stopped' || state === 'completed' || state === 'failed'

/** Nothing of it runs: it need not wait for anybody in order to stop. */
export const isIdle = (state: ProcessState): boolean => isSettled(state) || IDLE_STATES.has(state)

const IDLE_STATES: ReadonlySet<ProcessState> = new Set(['waiting', 'scheduled', 'listening', 'backoff'])

/** The processes that name this one in their dependsOn. */
export const resolveDependents = (nodes: readonly Node[], name: string): readonly string[] =>
  nodes.filter(({ dependsOn }) => Object.hasOwn(dependsOn, name)).map((node) => node.name)

/** Those that go down and up again with it, directly or because of one that does. */
export const resolveRestarted = (nodes: readonly Node[], name: string): readonly string[] => {
  const found = new Set<string>()
  const follow = (dependency: string): void => {
    for (const { name: dependent, dependsOn } of nodes) {
      if (dependsOn[dependency]?.restart !== true || found.has(dependent)) continue
      found.add(dependent)
      follow(dependent)
    }
  }
  follow(name)
  return [...found]
}

/** Everything that these need, directly or not, themselves left out. */
export const resolveDependencies = (nodes: readonly Node[], names: readonly string[]): readonly string[] => {
  const found = new Set<string>(names)
  const follow = (name: string): void => {
    for (const dependency of Object.keys(nodes.find((node) => node.name === name)?.dependsOn ?? {})) {
      if (found.has(dependency)) continue
      found.add(dependency)
      follow(dependency)
    }
  }
  for (const name of names) follow(name)
  return [...found].filter((name) => !names.includes(name))
}

export type StopQuestion = {
  readonly nodes: readonly Node[]
  readonly leaving: readonly string[]
  readonly isIdle: (name: string) => boolean
  readonly isSettled: (name: string) => boolean
}

/** Of the processes that are to stop, those that nobody among them depends on any more. */
export const resolveStoppable = ({ nodes, leaving, isIdle: isUnnoticed, isSettled: isGone }: StopQuestion): readonly string[] => {
  const names = new Set(leaving.filter((name) => !isGone(name)))
  // Asked after everything that happens, so that all dependents of all names are looked at once.
  const needed = new Set(nodes.flatMap(({ name, dependsOn }) => (names.has(name) ? Object.keys(dependsOn) : [])))
  return [...names].filter((name) => !needed.has(name) || isUnnoticed(name))
}

/** Names in the order in which a start reaches them; those of one wave start together, the larger priority first. */
export const planWaves = (specs: readonly Pick<ProcessSpec, 'name' | 'dependsOn' | 'priority'>[]): readonly (readonly string[])[] => {
  const waves: string[][] = []
  const placed = new Set<string>()
  const sorted = sortByPriority(specs)
  while (placed.size < specs.length) {
    const wave = sorted.filter(({ name, dependsOn }) => !placed.has(name) && Object.keys(dependsOn).every((other) => placed.has(other))).map(({ name }) => name)
    // Checked before: a cycle, or somebody who is not there, would otherwise end everything here.
    if (wave.length === 0) return [...waves, sorted.filter(({ name }) => !placed.has(name)).map(({ name }) => name)]
    for (const name of wave) placed.add(name)
    waves.push(wave)
  }
  return waves
}

export const sortByPriority = <Spec extends { readonly priority: number }>(specs: readonly Spec[]): readonly Spec[] =>
  specs.toSorted((left, right) => right.priority - left.priority)

/** The longest chain of times to stop: after it an ordered stop cannot be waiting for anybody's good will. */
export const planStopDeadlineMs = (specs: readonly Pick<ProcessSpec, 'name' | 'dependsOn' | 'priority'>[], stopTimeMs: (name: string) => number): number => {
  const longest = new Map<string, number>()
  for (const name of planWaves(specs).flat()) {
    const below = Object.keys(specs.find((spec) => spec.name === name)?.dependsOn ?? {}).map((other) => longest.get(other) ?? 0)
    longest.set(name, stopTimeMs(name) + Math.max(0, ...below))
  }
  return Math.max(0, ...longest.values())
}
