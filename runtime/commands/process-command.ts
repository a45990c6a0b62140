// `start`, `stop` and `restart`: one request each.

import { acceptedReplySchema, CONTROL_PATHS } from '../contract/control.ts'
import type { ProcessSelection } from '../contract/control.ts'
import { callControl, createRefusal } from '../control/client.ts'
import type { Command } from './context.ts'
import { resolveTarget } from './target.ts'

export const createProcessCommand =
  (verb: 'start' | 'stop' | 'restart'): Command =>
  async (context) => {
    const body: ProcessSelection = { processes: [...context.operands] }
    const call = { method: 'POST', path: CONTROL_PATHS[verb], body } as const
    const reply = acceptedReplySchema.parse(await callControl(resolveTarget(context), call))
    if (!reply.ok) throw createRefusal(reply.error)
    return 0
  }
