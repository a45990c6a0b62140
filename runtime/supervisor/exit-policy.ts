// When the bundle as a whole ends, and because of whom. Pure.

import type { ProcessState } from '../contract/control.ts'
import type { ExitPolicy, ProcessSpec } from '../contract/process-spec.ts'
import { resolveDependents } from './graph.ts'

/** One process, all its instances taken together: `completed` when all are. */
export type Finished = {
  readonly spec: Pick<ProcessSpec, 'name' | 'dependsOn' | 'essential' | 'oneshot' | 'autostart'>
  readonly state: ProcessState
  readonly succeeded: boolean
}

/** The process that ends the bundle; `everything` when all have done their work; undefined while there is a reason to go on. */
export type Ending = { readonly kind: 'process'; readonly name: string } | { readonly kind: 'everything' }

/** `isBusy`: somebody works with the bundle, which does not end under his hands only because all have done theirs. */
export const resolveEnding = (policy: ExitPolicy, processes: readonly Finished[], isBusy = false): Ending | undefined => {
  const ended = processes.filter(hasEnded)
  const decisive = ended.find((finished) => isDecisive(policy, finished, processes))
  if (decisive !== undefined) return { kind: 'process', name: decisive.spec.name }
  // What only starts by command is no reason to wait once there was something else.
  const open = processes.filter((finished) => !hasEnded(finished) && (finished.spec.autostart || finished.state !== 'stopped'))
  if (isBusy || ended.length === 0 || open.length > 0) return undefined
  const unlucky = ended.find(({ succeeded }) => !succeeded)
  return unlucky === undefined ? { kind: 'everything' } : { kind: 'process', name: unlucky.spec.name }
}

const hasEnded = ({ state }: Finished): boolean => state === 'completed' || state === 'failed'

const isDecisive = (policy: ExitPolicy, { spec, succeeded }: Finished, all: readonly Finished[]): boolean => {
  if (policy === 'first-failure') return !succeeded
  if (policy !== 'essential') return spec.name === policy.process
  return spec.essential && !(succeeded && isTask(spec, all))
}

/** That it ends successfully is what it is there for: it says so, or somebody waits for it. */
const isTask = ({ name, oneshot }: Finished['spec'], all: readonly Finished[]): boolean => {
  const specs = all.map(({ spec }) => spec)
  const dependents = new Set(resolveDependents(specs, name))
  return oneshot || specs.some((spec) => dependents.has(spec.name) && spec.dependsOn[name]?.condition === 'completed_successfully')
}
