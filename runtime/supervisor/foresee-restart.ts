// What would come if the run of an instance ended by itself now, asked of the table itself: only a restart at once may be left to
// the spawner. Pure.

import type { ExitMark } from '../contract/process-spec.ts'
import { stableAfterMs } from './restart.ts'
import { transition } from './state.ts'
import type { Context, ProcessEvent, ProcessRecord } from './state.ts'

export type Foreseen =
  /** Another run at once, whatever the end is but for these. */
  | { readonly kind: 'again'; readonly unless: readonly ExitMark[] }
  /** Not before it has been stable for so much longer. */
  | { readonly kind: 'later'; readonly afterMs: number }

/** Undefined when it is none at once, nor would be later. */
export const foreseeRestart = (record: ProcessRecord, context: Context): Foreseen | undefined => {
  const { restart } = context.spec
  if (record.state !== 'ready' || record.readyAtMs === undefined || needsSupervisor(context)) return undefined
  const unless = [...restart.successStatuses, ...restart.preventStatuses, ...restart.restartStatuses, ...ASKED_TO_END]
  const code = CODES.find((one) => !unless.includes(one))
  if (code === undefined) return undefined
  const foresee = (nowMs: number): boolean => isSpawned(record, code, { ...context, nowMs, random: 1 })
  if (foresee(context.nowMs)) return { kind: 'again', unless }
  const stableAtMs = record.readyAtMs + stableAfterMs(restart)
  return stableAtMs > context.nowMs && foresee(stableAtMs) ? { kind: 'later', afterMs: Math.ceil(stableAtMs - context.nowMs) } : undefined
}

/** Around the end of a run, or before the next. */
const needsSupervisor = ({ spec, instance: { hooks } }: Context): boolean =>
  spec.onDemand || spec.schedule !== undefined || hooks.beforeReap !== undefined || hooks.afterReap !== undefined

/** Somebody may be ending everything, us as well. */
const ASKED_TO_END: readonly ExitMark[] = ['SIGHUP', 'SIGINT', 'SIGTERM', 129, 130, 143]

const CODES = Array.from({ length: 255 }, (_, at) => at + 1)

const isSpawned = (record: ProcessRecord, code: number, context: Context): boolean => {
  const events: readonly ProcessEvent[] = [{ kind: 'exit', exit: { kind: 'code', code } }, { kind: 'cleared' }, { kind: 'dependenciesMet' }]
  let at = record
  for (const [step, event] of events.entries()) {
    at = transition(at, event, context).record
    if (at.state !== COURSE[step]) return false
  }
  return true
}

const COURSE = ['clearing', 'waiting', 'starting']
