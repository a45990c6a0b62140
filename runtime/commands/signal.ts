// `signal SIGNAL PROC...`: to processes, to their children, to all that is below.

import { ROUTES } from '../contract/control-routes.ts'
import { callControl } from '../control/client.ts'
import { findSignal } from '../control/signal-word.ts'
import { usageError } from './arguments.ts'
import type { Command, CommandContext } from './context.ts'
import { printText } from './context.ts'
import { resolveNameOperands } from './name-operands.ts'
import { resolveTarget } from './target.ts'

export const signal: Command = async (context) => {
  const { flags, values, operands } = context
  const [word = '', ...names] = operands
  assertOrder(word, names.at(-1) ?? '')
  const pid = values.get('--pid')?.at(-1)
  if (pid !== undefined && !/^\d{1,7}$/.test(pid)) throw usageError(`expected a process number behind --pid, got "${pid}"`)
  const { pids } = await callControl(resolveTarget(context), ROUTES.signal, {
    processes: await resolveNameOperands(context, names),
    signal: word,
    children: flags.has('--children'),
    recursive: flags.has('--recursive'),
    ...(pid === undefined ? {} : { pid: Number(pid) }),
  })
  if (pids.length > 0) printText(context, `${pids.join('\n')}\n`)
  else context.report.warn(`nobody got the signal: ${renderNobody(context)}`)
  return pids.length > 0 ? 0 : 1
}

/** circusctl has it last. */
const assertOrder = (first: string, last: string): void => {
  if (findSignal(first) === undefined && findSignal(last) !== undefined) throw usageError(`expected the signal first, as in "signal ${last} ${first}"`)
}

const renderNobody = ({ flags, values }: CommandContext): string => {
  if (values.has('--pid')) return 'none of these has started that process'
  return flags.has('--children') ? 'none of these runs and has children' : 'none of these runs'
}
