// --run-dir, --state-dir, ...: the same as the variables of these directories, and stronger. Applied before anything
// looks at the environment.

import { DIRECTORY_VARIABLES, LASTING_DIRECTORY_NAMES } from '../contract/directories.ts'
import type { Environment } from '../config/user-environment.ts'

/** Flag -> the variable that it replaces. */
export const DIRECTORY_OPTIONS: ReadonlyMap<string, string> = new Map([
  ['--run-dir', 'NIXPACK_RUN_DIR'],
  ['--tmp-dir', 'NIXPACK_TMP_DIR'],
  ...LASTING_DIRECTORY_NAMES.map((name): [string, string] => [`--${name}-dir`, DIRECTORY_VARIABLES[name]]),
])

export const applyDirectoryOptions = (environment: Environment, values: ReadonlyMap<string, readonly string[]>): Environment => {
  const chosen = [...DIRECTORY_OPTIONS].flatMap(([flag, variable]): [string, string][] => {
    const dir = values.get(flag)?.at(-1)
    return dir === undefined ? [] : [[variable, dir]]
  })
  return { ...environment, ...Object.fromEntries(chosen) }
}
