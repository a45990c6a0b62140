// Manifest, circus.ini, environment and environment files -> what is to run. Read at the start, again by every reload,
// and by the commands that only show it.

import { createHostFacts } from '../config/host-facts.ts'
import { planBundle } from '../config/plan-bundle.ts'
import type { PlanContext } from '../config/plan-context.ts'
import type { RenderedFile } from '../config/render-files.ts'
import type { Variable } from '../config/variables.ts'
import type { RunPaths } from '../contract/directories.ts'
import type { Manifest } from '../contract/manifest.ts'
import type { Plan } from '../contract/process-spec.ts'
import { renderSuggestion } from '../contract/nearest-name.ts'
import { matchesPattern } from '../control/selection.ts'
import { usageError } from './arguments.ts'
import type { CommandContext } from './context.ts'
import { readEnvironmentFiles } from './environment-file.ts'
import { planDirectories, readVariables, renderConfiguration } from './preparation.ts'

export type Source = {
  /** The context with everything that was read in it. */
  readonly context: CommandContext
  readonly variables: ReadonlyMap<string, Variable>
}

export type PlannedSource = { readonly plan: Plan; readonly files: readonly RenderedFile[]; readonly planContext: PlanContext }

/** Throws what is wrong with any of it, before anything is done. */
export const readSource = async (given: CommandContext, makesDirectories: boolean): Promise<Source> => {
  const environment = { ...readEnvironmentFiles(given), ...given.environment }
  const withEnvironment = { ...given, environment }
  const context = { ...withEnvironment, manifest: await addCircus(withEnvironment) }
  return { context, variables: readVariables(context, makesDirectories) }
}

/** `selected`: operands of `up`; none means everything that starts by itself. */
export const planSource = ({ context, variables }: Source, paths: RunPaths, selected: readonly string[] = []): PlannedSource => {
  const { manifest, environment, workingDir, uid } = context
  const files = renderConfiguration(context, variables, paths)
  const directories = planDirectories(context)
  const planContext: PlanContext = { variables, paths, directories, environment, workingDir, uid, host: createHostFacts(), files }
  return { plan: selectProcesses(planBundle(manifest, planContext), selected), files, planContext }
}

/** Loaded only by bundles that use it. */
const addCircus = async ({ manifest, values, workingDir, environment, report }: CommandContext): Promise<Manifest> => {
  const given = values.get('--circus')?.at(-1) ?? manifest.circusIni
  if (given === undefined) return manifest
  const { resolve } = await import('node:path')
  const { readCircusFile } = await import('../circus/read-circus-file.ts')
  const { mergeCircus } = await import('../circus/merge.ts')
  const imported = readCircusFile(resolve(workingDir, given), environment)
  for (const warning of imported.warnings) report.warn(warning)
  return mergeCircus(manifest, imported)
}

/** The others are there, and wait for a command. */
const selectProcesses = (plan: Plan, selected: readonly string[]): Plan => {
  if (selected.length === 0) return plan
  const names = plan.processes.map(({ name }) => name)
  const wanted = new Set(selected.flatMap((operand) => matchNames(operand, names)))
  // Grows while it is walked.
  for (const name of wanted) for (const other of Object.keys(plan.processes.find((spec) => spec.name === name)?.dependsOn ?? {})) wanted.add(other)
  return { ...plan, processes: plan.processes.map((spec) => ({ ...spec, autostart: wanted.has(spec.name) })) }
}

const matchNames = (operand: string, names: readonly string[]): readonly string[] => {
  const matching = names.filter((name) => matchesPattern(name, operand))
  if (matching.length > 0) return matching
  throw usageError(`there is no process "${operand}"${renderSuggestion(operand, names)}`)
}
