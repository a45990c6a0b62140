// Dependencies between processes: may this one start, may that one stop, how long can a stop take. Pure.

import type { ProcessState } from '../contract/control.ts'
import type { DependencyCondition, ProcessSpec } from '../contract/process-spec.ts'

/** What dependents need to know of a process. */
export type Standing = { readonly state: ProcessState; readonly succeeded: boolean }

export type Readiness =
  | { readonly kind: 'met' }
  | { readonly kind: 'pending'; readonly waitingFor: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: string }

export const resolveReadiness = (spec: ProcessSpec, standingOf: (name: string) => Standing): Readiness => {
  const waitingFor: string[] = []
  for (const [name, condition] of Object.entries(spec.dependsOn)) {
    const answer = judge(standingOf(name), condition)
    if (answer === 'failed') return { kind: 'failed', reason: `"${name}" ended, and it had to be ${renderCondition(condition)}` }
    if (answer === 'pending') waitingFor.push(name)
  }
  return waitingFor.length === 0 ? { kind: 'met' } : { kind: 'pending', waitingFor }
}

/** A process that has done its work successfully satisfies every condition. */
const judge = ({ state, succeeded }: Standing, condition: DependencyCondition): 'met' | 'pending' | 'failed' => {
  if (state === 'completed') return succeeded ? 'met' : 'failed'
  if (state === 'failed') return 'failed'
  if (condition === 'completed_successfully') return 'pending'
  return state === 'ready' || (condition === 'started' && state === 'running') ? 'met' : 'pending'
}

const renderCondition = (condition: DependencyCondition): string => (condition === 'completed_successfully' ? 'completed successfully' : condition)

export const isSettled = (state: ProcessState): boolean => state === 'stopped' || state === 'completed' || state === 'failed'

/** The processes that name this one in their dependsOn. */
export const resolveDependents = (specs: readonly ProcessSpec[], name: string): readonly string[] =>
  specs.filter(({ dependsOn }) => Object.hasOwn(dependsOn, name)).map((spec) => spec.name)

/** Of the processes that are to stop, those that nobody among them depends on any more. */
export const resolveStoppable = (specs: readonly ProcessSpec[], leaving: readonly string[], stateOf: (name: string) => ProcessState): readonly string[] =>
  leaving.filter((name) => {
    const state = stateOf(name)
    if (isSettled(state)) return false
    const isIdle = state === 'waiting' || state === 'backoff'
    const needing = resolveDependents(specs, name).filter((dependent) => leaving.includes(dependent))
    return isIdle || needing.every((dependent) => isSettled(stateOf(dependent)))
  })

/** Names in the order in which a start reaches them; processes of one wave start together. */
export const planWaves = (specs: readonly ProcessSpec[]): readonly (readonly string[])[] => {
  const waves: string[][] = []
  const placed = new Set<string>()
  while (placed.size < specs.length) {
    const wave = specs.filter(({ name, dependsOn }) => !placed.has(name) && Object.keys(dependsOn).every((other) => placed.has(other))).map(({ name }) => name)
    if (wave.length === 0) throw new Error('unreachable: the manifest check lets no cycle pass')
    for (const name of wave) placed.add(name)
    waves.push(wave)
  }
  return waves
}

/** The longest chain of graceful timeouts: after this time an ordered stop cannot be waiting for anybody's good will. */
export const planStopDeadlineMs = (specs: readonly ProcessSpec[]): number => {
  const longest = new Map<string, number>()
  for (const spec of planWaves(specs)
    .flat()
    .flatMap((name) => specs.filter((candidate) => candidate.name === name))) {
    const below = Object.keys(spec.dependsOn).map((name) => longest.get(name) ?? 0)
    longest.set(spec.name, spec.gracefulTimeoutMs + Math.max(0, ...below))
  }
  return Math.max(0, ...longest.values())
}
