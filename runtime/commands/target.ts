// Which running instance a command speaks to.

import type { ControlTarget } from '../control/client.ts'
import type { InstanceKey } from '../control/instance-lock.ts'
import type { CommandContext } from './context.ts'
import { planRunPaths } from './preparation.ts'

/** Who may run only once. */
export const resolveInstanceKey = ({ uid, manifest, instance, environment }: CommandContext): InstanceKey => ({
  uid,
  bundle: manifest.name,
  instance,
  runDir: environment['NIXPACK_RUN_DIR'],
})

export const resolveTarget = (context: CommandContext): ControlTarget => ({
  bundle: context.manifest.name,
  instance: context.instance,
  paths: planRunPaths(context),
  timeoutMs: context.timeoutMs,
})
