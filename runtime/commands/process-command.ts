// `start`, `stop`, `restart`, `kill` and `reload NAME`: one request each.

import { ROUTES } from '../contract/control-routes.ts'
import type { Request } from '../contract/control-routes.ts'
import { parseDurationMs } from '../contract/quantity.ts'
import { callControl } from '../control/client.ts'
import { usageError } from './arguments.ts'
import { reportResult, wantsWait } from './command-result.ts'
import type { Command, CommandContext } from './context.ts'
import { resolveNameOperands } from './name-operands.ts'
import { awaitReply } from './patient-call.ts'
import { resolveTarget } from './target.ts'

export const createProcessCommand =
  (verb: 'start' | 'stop' | 'restart'): Command =>
  async (context) => {
    const processes = await resolveNameOperands(context)
    const reply = callControl(resolveTarget(context), ROUTES[verb], { processes, wait: wantsWait(context) })
    return reportResult(context, await awaitReply(context, processes, reply))
  }

/** circus' kill: the runs end as they are told here, then the processes start again. */
export const kill: Command = async (context) => {
  const processes = await resolveNameOperands(context)
  const request = { processes, wait: wantsWait(context), ...readStopOptions(context) }
  return reportResult(context, await awaitReply(context, processes, callControl(resolveTarget(context), ROUTES.restart, request)))
}

const readStopOptions = ({ values }: CommandContext): { signal?: string; gracefulTimeoutMs?: number } => {
  const signal = values.get('--signum')?.at(-1)
  const text = values.get('--graceful-timeout')?.at(-1)
  return { ...(signal === undefined ? {} : { signal }), ...(text === undefined ? {} : { gracefulTimeoutMs: readDuration(text) }) }
}

const readDuration = (text: string): number => {
  const durationMs = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : parseDurationMs(text)
  if (durationMs !== undefined) return durationMs
  throw usageError(`expected a duration such as 500ms or 10s behind --graceful-timeout, got "${text}"`)
}

export const reloadProcesses: Command = async (context) => {
  const processes = await resolveNameOperands(context)
  const reply = callControl(resolveTarget(context), ROUTES.reload, { processes, mode: readMode(context), wait: wantsWait(context) })
  return reportResult(context, await awaitReply(context, processes, reply))
}

const readMode = ({ flags }: CommandContext): Request<'reload'>['mode'] => {
  if (flags.has('--terminate')) return 'terminate'
  if (flags.has('--sequential')) return 'sequential'
  return flags.has('--graceful') ? 'graceful' : 'declared'
}
