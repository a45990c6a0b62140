// `paths`: every directory of this instance, and what decides where it is.

import { DIRECTORY_VARIABLES, LASTING_DIRECTORY_NAMES } from '../contract/directories.ts'
import type { Command, CommandContext } from './context.ts'
import { printText } from './context.ts'
import { planDirectories, planRunPaths } from './preparation.ts'
import { renderTable } from './text-table.ts'

type Place = { readonly name: string; readonly path: string; readonly from: string }

export const paths: Command = (context) => {
  const places = [...planRunPlaces(context), ...planLastingPlaces(context)]
  const table = renderTable(places.map(({ name, path, from }) => [name, path, from])).join('\n')
  printText(context, context.flags.has('--json') ? `${JSON.stringify(places, undefined, 2)}\n` : `${table}\n`)
  return 0
}

/** The first base that can be used is taken; which one that is shows when it is made. */
const planRunPlaces = (context: CommandContext): readonly Place[] => {
  const [{ filesDir, tmpDir, controlSocketPath }] = planRunPaths(context)
  const from = resolveOrigin(context, { flag: '--run-dir', variable: 'NIXPACK_RUN_DIR' }, describeRunBase(context))
  return [
    { name: 'run', path: filesDir, from },
    { name: 'tmp', path: tmpDir, from: resolveOrigin(context, { flag: '--tmp-dir', variable: 'NIXPACK_TMP_DIR' }, 'below run') },
    { name: 'control socket', path: controlSocketPath, from: 'beside run' },
  ]
}

const describeRunBase = ({ environment, uid }: CommandContext): string => {
  if (uid === 0) return 'default of root'
  return (environment['XDG_RUNTIME_DIR'] ?? '').startsWith('/') ? 'XDG_RUNTIME_DIR' : 'default'
}

const planLastingPlaces = (context: CommandContext): readonly Place[] => {
  const directories = planDirectories(context)
  return LASTING_DIRECTORY_NAMES.map((name) => {
    const fallback = name === 'state' ? describeStateBase(context) : 'below state'
    return { name, path: directories[name], from: resolveOrigin(context, { flag: `--${name}-dir`, variable: DIRECTORY_VARIABLES[name] }, fallback) }
  })
}

const describeStateBase = ({ environment, uid }: CommandContext): string => {
  if (uid === 0) return 'default of root'
  return (environment['XDG_STATE_HOME'] ?? '').startsWith('/') ? 'XDG_STATE_HOME' : 'default'
}

/** The option has been put into the environment before any command runs: it is looked at first. */
const resolveOrigin = ({ values, environment }: CommandContext, names: { readonly flag: string; readonly variable: string }, fallback: string): string => {
  if (values.has(names.flag)) return names.flag
  return (environment[names.variable] ?? '') === '' ? fallback : names.variable
}
