// `down`: asks for the ordered stop and waits until the instance is gone.

import { ROUTES } from '../contract/control-routes.ts'
import { callControl } from '../control/client.ts'
import { waitForRelease } from '../control/instance-lock.ts'
import { wantsWait } from './command-result.ts'
import type { Command } from './context.ts'
import { resolveInstanceKey, resolveTarget } from './target.ts'

export const down: Command = async (context) => {
  const released = waitForRelease(resolveInstanceKey(context))
  await callControl(resolveTarget(context), ROUTES.down, {})
  if (wantsWait(context)) await released
  return 0
}
