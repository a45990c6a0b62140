// Changes of instances as news: on stderr what a person wants to know, to subscribers everything.

import type { SupervisorEvent } from '../contract/control.ts'
import type { RunnerServices } from './runner-services.ts'
import { renderExit } from './child-exit.ts'
import { describeChange, describeState } from './describe.ts'
import type { WritableEventLog } from './event-log.ts'
import { renderLastLines } from './outcome.ts'
import type { InstanceChange } from './pool.ts'
import type { ProcessEvent } from './state.ts'

/** `isDecisive`: the bundle ends because of it, and says the rest then. */
export const reportChange = ({ report, hub }: Pick<RunnerServices, 'report' | 'hub'>, change: InstanceChange, isDecisive: boolean): void => {
  const { instance, before, after, event } = change
  const news = event.kind === 'unhealthy' || event.kind === 'exceeded' ? describeCorrection(change) : describeChange(before, after)
  if (news === undefined) return
  const hasFailed = after.state === 'failed' && after.exit !== undefined && after.exit.kind !== 'spawnFailed'
  const lastLines = hasFailed && !isDecisive ? hub.lastLines(instance.runner.run?.label ?? instance.label, LINES_SHOWN) : []
  report.info(`${instance.label} ${news}${renderLastLines(lastLines)}`)
}

const describeCorrection = ({ after }: InstanceChange): string =>
  after.state === 'stopping' ? `is being stopped: ${after.reason}` : `gets a signal: ${after.reason}`

export const LINES_SHOWN = 10

export const publishChange = (events: WritableEventLog, change: InstanceChange): void => {
  const { pool, instance, before, after, event } = change
  const about = { process: pool.name, label: instance.label, state: after.state, pid: after.pid ?? before.pid ?? null }
  const publish = (kind: SupervisorEvent['kind'], text: string): void => events.publish({ ...about, kind, text })
  const { kind, text } = describeEvent(event)
  if (kind !== undefined) publish(kind, text)
  if (before.state !== after.state) publish('state', describeState(before, after))
}

const describeEvent = (event: ProcessEvent): { readonly kind?: SupervisorEvent['kind']; readonly text: string } => {
  const { kind } = event
  if (kind === 'spawned') return { kind, text: `runs as pid ${event.pid}` }
  if (kind === 'exit') return { kind: 'exited', text: renderExit(event.exit) }
  if (kind === 'hookFailed') return { kind: 'hook', text: event.reason }
  if (kind === 'noticed') return { kind: 'health', text: `it says: ${event.text}` }
  const isHealth = kind === 'unhealthy' || kind === 'exceeded' || kind === 'unready' || kind === 'startTimeout'
  return isHealth ? { kind: 'health', text: event.reason } : { text: '' }
}
