// `down`: asks for the ordered stop and waits until the instance is gone.

import { acceptedReplySchema, CONTROL_PATHS } from '../contract/control.ts'
import { callControl, createRefusal } from '../control/client.ts'
import { waitForRelease } from '../control/instance-lock.ts'
import type { Command } from './context.ts'
import { resolveTarget } from './target.ts'

export const down: Command = async (context) => {
  const { uid, manifest, instance } = context
  const call = { method: 'POST', path: CONTROL_PATHS.down } as const
  const released = waitForRelease({ uid, bundle: manifest.name, instance })
  const reply = acceptedReplySchema.parse(await callControl(resolveTarget(context), call))
  if (!reply.ok) throw createRefusal(reply.error)
  await released
  return 0
}
