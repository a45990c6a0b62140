// What `up`, `env` and `config` share: the environment checked as a whole, files rendered, all problems in one error.

import { checkDirectories, prepareDirectories } from '../config/prepare-directories.ts'
import { renderFiles } from '../config/render-files.ts'
import type { RenderedFile } from '../config/render-files.ts'
import { resolveVariables } from '../config/variables.ts'
import type { ResolvedVariables, Variable } from '../config/variables.ts'
import { planRunDirectoryBases, resolveDirectories, resolveRunPaths } from '../contract/directories.ts'
import type { Directories, RunPaths } from '../contract/directories.ts'
import { NixpackError } from '../contract/errors.ts'
import type { CommandContext } from './context.ts'

/** Where this instance may be running, or may come to run; best first. */
export const planRunPaths = ({ environment, uid, manifest, instance }: CommandContext): readonly [RunPaths, ...RunPaths[]] => {
  const [first = '/tmp', ...rest] = planRunDirectoryBases({ environment, uid })
  const pathsIn = (baseDir: string): RunPaths => resolveRunPaths(baseDir, manifest.name, instance)
  return [pathsIn(first), ...rest.map(pathsIn)]
}

/** Where this instance keeps what outlives a run. */
export const planDirectories = (context: CommandContext): Directories => resolveDirectories({ ...context, bundle: context.manifest.name, chosen: {} })

/** Reports misspelt names, throws ENV_INVALID with every problem. Only `up` makes directories. */
export const readVariables = (context: CommandContext, makesDirectories: boolean): ReadonlyMap<string, Variable> => {
  const resolved = resolveVariables(context)
  for (const warning of resolved.warnings) context.report.warn(warning)
  const [paths] = planRunPaths(context)
  const { problems } = renderFiles(context.manifest, { ...context, variables: resolved.variables, paths, directories: planDirectories(context) })
  const variables = [...resolved.variables.values()]
  assertNone([...resolved.problems, ...checkDirectories(variables), ...problems])
  if (makesDirectories) assertNone(prepareDirectories(variables))
  return resolved.variables
}

export const renderConfiguration = (context: CommandContext, variables: ResolvedVariables['variables'], paths: RunPaths): readonly RenderedFile[] => {
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
