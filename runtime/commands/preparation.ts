// Where an instance lives, and what is wrong with its environment: all problems in one error.

import { checkDirectories, prepareDirectories } from '../config/prepare-directories.ts'
import { renderFiles } from '../config/render-files.ts'
import type { RenderedFile } from '../config/render-files.ts'
import { resolveVariables } from '../config/variables.ts'
import type { Variable } from '../config/variables.ts'
import { planRunDirectoryBases, relocateTmp, resolveDirectories, resolveRunPaths } from '../contract/directories.ts'
import type { Directories, RunPaths } from '../contract/directories.ts'
import { NixpackError } from '../contract/errors.ts'
import type { CommandContext } from './context.ts'

type Variables = ReadonlyMap<string, Variable>

export type InstancePlace = Pick<CommandContext, 'environment' | 'uid' | 'manifest' | 'instance'>

/** Where this instance may be running, or may come to run; best first. */
export const planRunPaths = ({ environment, uid, manifest, instance }: InstancePlace): readonly [RunPaths, ...RunPaths[]] => {
  const [first = '/tmp', ...rest] = planRunDirectoryBases({ environment, uid })
  const pathsIn = (baseDir: string): RunPaths => relocateTmp(resolveRunPaths(baseDir, manifest.name, instance), { environment, uid })
  return [pathsIn(first), ...rest.map(pathsIn)]
}

/** Where this instance keeps what outlives a run; the options for that are in the environment already. */
export const planDirectories = (context: CommandContext): Directories => resolveDirectories({ ...context, bundle: context.manifest.name, chosen: {} })

export type VariablesOptions = {
  readonly automaticPorts: ReadonlyMap<string, number>
  /** Those of type directory are made; otherwise they are only looked at. */
  readonly makesDirectories: boolean
}

/** Reports misspelt names, throws ENV_INVALID with every problem. */
export const readVariables = (context: CommandContext, { automaticPorts, makesDirectories }: VariablesOptions): Variables => {
  const resolved = resolveVariables({ ...context, automaticPorts })
  for (const warning of resolved.warnings) context.report.warn(warning)
  const [paths] = planRunPaths(context)
  const { problems } = renderFiles(context.manifest, { ...context, variables: resolved.variables, paths, directories: planDirectories(context) })
  const variables = [...resolved.variables.values()]
  assertNone([...resolved.problems, ...checkDirectories(variables), ...problems])
  if (makesDirectories) assertNone(prepareDirectories(variables))
  return resolved.variables
}

export const renderConfiguration = (context: CommandContext, variables: Variables, paths: RunPaths): readonly RenderedFile[] => {
  const { files, problems } = renderFiles(context.manifest, { ...context, variables, paths, directories: planDirectories(context) })
  assertNone(problems)
  return files
}

const assertNone = (problems: readonly string[]): void => {
  const [only, ...others] = problems
  if (only === undefined) return
  const text = others.length === 0 ? only : problems.map((problem) => `\n  - ${problem}`).join('')
  throw new NixpackError('ENV_INVALID', `cannot use the environment: ${text}`, { hint: 'see --help for every variable and its type' })
}
