// A command that waits until processes are where they are to be; when its time is over it says where they are.

import type { ProcessStatus } from '../contract/control.ts'
import { ROUTES } from '../contract/control-routes.ts'
import { NixpackError } from '../contract/errors.ts'
import { isLate } from '../control/client-failure.ts'
import { callControl } from '../control/client.ts'
import { processOf, resolveSelection } from '../control/selection.ts'
import type { CommandContext } from './context.ts'
import { resolveTarget } from './target.ts'

/** `reply` is the call; `operands` what it is about, everything when there are none. */
export const awaitReply = async <Reply>(context: CommandContext, operands: readonly string[], reply: Promise<Reply>): Promise<Reply> => {
  try {
    return await reply
  } catch (error) {
    const late = isLate(error) ? await describeLate(context, operands) : undefined
    throw late ?? error
  }
}

/** Undefined when it does not answer that either, knows the processes no longer, or nothing is on its way. */
const describeLate = async (context: CommandContext, operands: readonly string[]): Promise<NixpackError | undefined> => {
  try {
    const { processes } = await callControl({ ...resolveTarget(context), timeoutMs: LOOK_MS }, ROUTES.status, {})
    const names = new Set(resolveSelection(operands, processes).map((label) => processOf(label, processes)))
    const late = processes.filter(({ name, state }) => (names.size === 0 || names.has(name)) && !ARRIVED.has(state))
    if (late.length === 0) return undefined
    return new NixpackError('CONTROL_REFUSED', `cannot wait any longer: ${late.map(describe).join('; ')}`, { hint: 'ask "explain" about one of them' })
  } catch (error) {
    if (error instanceof NixpackError) return undefined
    throw error
  }
}

const LOOK_MS = 2000
const ARRIVED: ReadonlySet<string> = new Set(['ready', 'listening', 'scheduled', 'completed', 'stopped', 'failed'])

const describe = ({ name, state, reason, nextStartInMs }: ProcessStatus): string => {
  const next = nextStartInMs === null ? '' : `the next start is in ${(nextStartInMs / 1000).toFixed(1)} s`
  const why = [reason, next].filter((part) => part !== '').join(', ')
  return `${name} is ${state}${why === '' ? '' : ` (${why})`}`
}
