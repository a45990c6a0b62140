// `wait`: returns when processes are there. Looks at every change, never at a clock.

import type { ProcessState, ProcessStatus } from '../contract/control.ts'
import { ROUTES, STREAMS } from '../contract/control-routes.ts'
import { NixpackError } from '../contract/errors.ts'
import { callControl, followControl } from '../control/client.ts'
import type { ControlTarget } from '../control/client.ts'
import { processOf, resolveSelection } from '../control/selection.ts'
import { usageError } from './arguments.ts'
import type { Command, CommandContext } from './context.ts'
import { createDeadline } from './deadline.ts'
import { resolveTarget } from './target.ts'

export const wait: Command = async (context) => {
  const goal = readGoal(context)
  const target = resolveTarget(context)
  const deadline = createDeadline(context.timeoutMs)
  let { cursor, missing } = await look(target, context.operands, goal)
  if (missing.length === 0) return 0
  const events = followControl(target, STREAMS.events, { since: cursor })
  for (;;) {
    const news = await Promise.race([events.next(), deadline])
    if (news === 'late') throw createTimeout(goal, missing)
    // The bundle is gone; everything has stopped.
    if (news.done === true) return endOfBundle(goal)
    // What came in the meantime was part of the last look.
    if (news.value.kind === 'message' && news.value.data.cursor <= cursor) continue
    const next = await lookAgain(target, context.operands, goal)
    if (next === undefined) return endOfBundle(goal)
    ;({ cursor, missing } = next)
    if (missing.length === 0) return 0
  }
}

type Goal = 'ready' | 'stopped' | 'completed'

const readGoal = ({ values }: CommandContext): Goal => {
  const word = values.get('--for')?.at(-1) ?? 'ready'
  if (word === 'ready' || word === 'stopped' || word === 'completed') return word
  throw usageError(`expected "ready", "stopped" or "completed" behind --for, got "${word}"`)
}

type Look = { readonly cursor: number; readonly missing: readonly ProcessStatus[] }

/** Processes that are not there yet; throws when one of them never will be. */
const look = async (target: ControlTarget, operands: readonly string[], goal: Goal): Promise<Look> => {
  const { processes, cursor } = await callControl(target, ROUTES.status, {})
  const names = new Set(resolveSelection(operands, processes).map((label) => processOf(label, processes)))
  const isMeant = ({ name, wanted, state }: ProcessStatus): boolean => (names.size === 0 ? goal === 'stopped' || wanted || state === 'failed' : names.has(name))
  const missing = processes.filter((process) => isMeant(process) && !ARRIVED[goal].includes(process.state))
  const lost = missing.find(({ state }) => state === 'failed')
  if (lost !== undefined) throw new NixpackError('CONTROL_REFUSED', `cannot wait for "${lost.name}": it failed, ${lost.reason}`)
  return { cursor, missing }
}

/** Undefined when the bundle has ended since: its last events are read after its socket is gone. */
const lookAgain = async (...request: Parameters<typeof look>): Promise<Look | undefined> => {
  try {
    return await look(...request)
  } catch (error) {
    if (error instanceof NixpackError && error.code === 'CONTROL_UNREACHABLE') return undefined
    throw error
  }
}

const ARRIVED: Readonly<Record<Goal, readonly ProcessState[]>> = {
  ready: ['ready', 'completed', 'scheduled', 'listening'],
  stopped: ['stopped', 'completed', 'failed'],
  completed: ['completed', 'scheduled'],
}

const endOfBundle = (goal: Goal): number => {
  if (goal === 'stopped') return 0
  throw new NixpackError('CONTROL_UNREACHABLE', 'cannot wait any longer: the bundle has ended')
}

const createTimeout = (goal: Goal, missing: readonly ProcessStatus[]): NixpackError => {
  const states = missing.map(({ name, state, reason }) => `${name} is ${state}${reason === '' ? '' : ` (${reason})`}`).join(', ')
  return new NixpackError('CONTROL_REFUSED', `cannot wait any longer until all are ${goal}: ${states}`, { hint: 'ask "explain" about one of them' })
}
