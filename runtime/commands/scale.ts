// `scale PROC=N`, `incr`, `decr`, `numprocesses` and `numwatchers`.

import { ROUTES } from '../contract/control-routes.ts'
import { callControl } from '../control/client.ts'
import { resolveProcess } from '../control/selection.ts'
import { usageError } from './arguments.ts'
import { reportResult, wantsWait } from './command-result.ts'
import type { Command, CommandContext } from './context.ts'
import { printText } from './context.ts'
import { awaitReply } from './patient-call.ts'
import { resolveTarget } from './target.ts'

export const scale: Command = async (context) => {
  const wanted = context.operands.map(parseScale)
  let status = 0
  for (const { name, numprocesses } of wanted) {
    const call = callControl(resolveTarget(context), ROUTES.scale, { process: name, numprocesses, wait: wantsWait(context) })
    const reply = await awaitReply(context, [name], call)
    status = Math.max(status, reportResult(context, reply))
  }
  return status
}

const parseScale = (operand: string): { readonly name: string; readonly numprocesses: number } => {
  const [, name = '', count = ''] = /^(.+)=(\d{1,4})$/.exec(operand) ?? []
  if (name === '') throw usageError(`expected PROC=N, got "${operand}"`)
  return { name, numprocesses: Number(count) }
}

export const createIncrement =
  (sign: 1 | -1): Command =>
  async (context) => {
    const [process = '', count = '1'] = context.operands
    if (!/^\d{1,4}$/.test(count)) throw usageError(`expected a number, got "${count}"`)
    const call = callControl(resolveTarget(context), ROUTES.scale, { process, by: sign * Number(count), wait: wantsWait(context) })
    const reply = await awaitReply(context, [process], call)
    printText(context, `${reply.numprocesses}\n`)
    return reply.failed.length === 0 ? 0 : reportResult(context, reply)
  }

export const numprocesses: Command = async (context) => {
  const { processes } = await callControl(resolveTarget(context), ROUTES.status, {})
  const [operand] = context.operands
  const name = operand === undefined ? undefined : resolveProcess(operand, processes)
  const counted = processes.filter((process) => name === undefined || process.name === name)
  printText(context, `${counted.reduce((sum, process) => sum + process.numprocesses, 0)}\n`)
  return 0
}

export const numwatchers: Command = async (context: CommandContext) => {
  const { processes } = await callControl(resolveTarget(context), ROUTES.status, {})
  printText(context, `${processes.length}\n`)
  return 0
}
