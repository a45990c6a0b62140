// Which running instance a command speaks to. Attack prevented: whoever listens in a place that is open to all, where this
// instance might be, would say what root's commands are to run.

import { readRunOwner } from '../config/run-directory.ts'
import type { RunPaths } from '../contract/directories.ts'
import type { ControlTarget } from '../control/client.ts'
import { explainStranger } from '../control/client-failure.ts'
import type { InstanceKey } from '../control/instance-lock.ts'
import type { CommandContext } from './context.ts'
import { planRunPaths } from './preparation.ts'
import type { InstancePlace } from './preparation.ts'

/** Who may run only once. */
export const resolveInstanceKey = ({ uid, manifest, instance, environment }: CommandContext): InstanceKey => ({
  uid,
  bundle: manifest.name,
  instance,
  runDir: environment['NIXPACK_RUN_DIR'],
})

export const resolveTarget = (context: CommandContext): ControlTarget => {
  assertChosen(context)
  return { bundle: context.manifest.name, instance: context.instance, paths: findRunPaths(context), timeoutMs: context.timeoutMs }
}

/** Where this instance may be running, and nobody but us could have put something else. */
export const findRunPaths = (context: InstancePlace): readonly RunPaths[] =>
  planRunPaths(context).filter((paths) => readRunOwner(paths, context.uid) === 'ours')

/** A directory that was asked for is used or refused, never silently passed over. */
const assertChosen = (context: CommandContext): void => {
  if ((context.environment['NIXPACK_RUN_DIR'] ?? '') === '') return
  const [paths] = planRunPaths(context)
  const owner = readRunOwner(paths, context.uid)
  if (owner instanceof Error) throw explainStranger(paths.controlSocketPath, owner)
}
