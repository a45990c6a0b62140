// When the bundle as a whole ends, and because of whom. Pure.

import type { ProcessState } from '../contract/control.ts'
import type { ExitPolicy, ProcessSpec } from '../contract/process-spec.ts'
import { resolveDependents } from './graph.ts'

export type Finished = {
  readonly spec: ProcessSpec
  readonly state: ProcessState
  readonly succeeded: boolean
}

/** The process that ends the bundle; `everything` when all have done their work; undefined while there is a reason to go on. */
export type Ending = { readonly kind: 'process'; readonly name: string } | { readonly kind: 'everything' }

export const resolveEnding = (policy: ExitPolicy, processes: readonly Finished[]): Ending | undefined => {
  const ended = processes.filter(({ state }) => state === 'completed' || state === 'failed')
  const decisive = ended.find((finished) => isDecisive(policy, finished, processes))
  if (decisive !== undefined) return { kind: 'process', name: decisive.spec.name }
  if (ended.length < processes.length) return undefined
  const unlucky = ended.find(({ succeeded }) => !succeeded)
  return unlucky === undefined ? { kind: 'everything' } : { kind: 'process', name: unlucky.spec.name }
}

const isDecisive = (policy: ExitPolicy, { spec, succeeded }: Finished, all: readonly Finished[]): boolean => {
  if (policy === 'first-failure') return !succeeded
  if (policy !== 'essential') return spec.name === policy.process
  return spec.essential && !(succeeded && isTask(spec.name, all))
}

/** Somebody waits for its completion: that it ends successfully is what it is there for. */
const isTask = (name: string, all: readonly Finished[]): boolean => {
  const specs = all.map(({ spec }) => spec)
  const dependents = new Set(resolveDependents(specs, name))
  return specs.some((spec) => dependents.has(spec.name) && spec.dependsOn[name] === 'completed_successfully')
}
