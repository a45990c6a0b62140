// `down`: asks for the ordered stop and waits until the instance is gone.

import { ROUTES } from '../contract/control-routes.ts'
import { NixpackError } from '../contract/errors.ts'
import { callControl } from '../control/client.ts'
import { waitForRelease } from '../control/instance-lock.ts'
import { wantsWait } from './command-result.ts'
import type { Command } from './context.ts'
import { createDeadline } from './deadline.ts'
import { resolveInstanceKey, resolveTarget } from './target.ts'

export const down: Command = async (context) => {
  const released = waitForRelease(resolveInstanceKey(context))
  await callControl(resolveTarget(context), ROUTES.down, {})
  if (!wantsWait(context)) return 0
  if ((await Promise.race([released, createDeadline(context.timeoutMs)])) !== 'late') return 0
  throw new NixpackError('CONTROL_REFUSED', `cannot wait any longer: "${context.manifest.name}" is still stopping`, { hint: 'say "down" again to wait on' })
}
