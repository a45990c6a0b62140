// Which running instance a command speaks to.

import type { ControlTarget } from '../control/client.ts'
import type { CommandContext } from './context.ts'
import { planRunPaths } from './preparation.ts'

export const resolveTarget = (context: CommandContext): ControlTarget => ({
  bundle: context.manifest.name,
  instance: context.instance,
  paths: planRunPaths(context),
  timeoutMs: context.timeoutMs,
})
