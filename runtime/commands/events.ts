// `events`: what has happened to the processes, and with -f what happens.

import type { SupervisorEvent } from '../contract/control.ts'
import { STREAMS } from '../contract/control-routes.ts'
import { followControl } from '../control/client.ts'
import { usageError } from './arguments.ts'
import type { Command, CommandContext } from './context.ts'
import { printText } from './context.ts'
import { followFor } from './follow.ts'
import { resolveTarget } from './target.ts'

export const events: Command = async (context) => {
  const request = { processes: [...context.operands], follow: context.flags.has('--follow'), since: readCursor(context) }
  for await (const { kind, data } of followFor(followControl(resolveTarget(context), STREAMS.events, request), context.timeoutMs)) {
    if (kind === 'missed') context.report.warn('some events are not known any more')
    else printText(context, context.flags.has('--json') ? `${JSON.stringify(data)}\n` : renderEvent(data))
    if (context.stdout.isBroken) break
  }
  return 0
}

const readCursor = ({ values }: CommandContext): number => {
  const text = values.get('--since')?.at(-1) ?? '0'
  if (!/^\d{1,15}$/.test(text)) throw usageError(`expected the number of an event behind --since, got "${text}"`)
  return Number(text)
}

const renderEvent = ({ atMs, label, process, kind, text, cursor }: SupervisorEvent): string =>
  `${new Date(atMs).toISOString()}  ${String(cursor).padStart(5)}  ${(label ?? process ?? '').padEnd(16)}  ${text === '' ? kind : text}\n`
