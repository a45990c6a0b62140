// `up PROC...`: these and what they depend on start by themselves, the others are there and wait for a command. Pure.

import { renderSuggestion } from '../contract/nearest-name.ts'
import type { Plan } from '../contract/process-spec.ts'
import { matchesPattern } from '../control/selection.ts'
import { usageError } from './arguments.ts'

/** Operands of `up`; undefined: everything stays as it is declared. */
export type Selected = readonly string[] | undefined

export const NOTHING_SELECTED: Selected = []

export const resolveSelected = ({ operands }: { readonly operands: readonly string[] }): Selected => (operands.length === 0 ? undefined : operands)

export const selectProcesses = (plan: Plan, selected: Selected): Plan => {
  if (selected === undefined) return plan
  const names = plan.processes.map(({ name }) => name)
  const wanted = new Set(selected.flatMap((operand) => matchNames(operand, names)))
  // Grows while it is walked.
  for (const name of wanted) for (const other of dependenciesOf(plan, name)) wanted.add(other)
  return { ...plan, processes: plan.processes.map((spec) => ({ ...spec, autostart: wanted.has(spec.name) })) }
}

const matchNames = (operand: string, names: readonly string[]): readonly string[] => {
  const matching = names.filter((name) => matchesPattern(name, operand))
  if (matching.length > 0) return matching
  throw usageError(`there is no process "${operand}"${renderSuggestion(operand, names)}`)
}

const dependenciesOf = ({ processes }: Plan, process: string): readonly string[] => Object.keys(processes.find(({ name }) => name === process)?.dependsOn ?? {})
