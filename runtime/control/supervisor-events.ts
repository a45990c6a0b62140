// What happens to the processes, as server-sent events: replayed from a cursor, then as it happens.

import type { SupervisorEvent } from '../contract/control.ts'
import type { EventLog } from '../contract/control-supervisor.ts'
import type { EventStream } from './event-stream.ts'

export type EventSelection = {
  /** Names of processes and labels of instances; empty: everything, also what concerns no process. */
  readonly processes: readonly string[]
  readonly since: number | undefined
  readonly follow: boolean
  readonly end: AbortSignal
}

export const streamEvents = (stream: EventStream, log: EventLog, { processes, since, follow, end }: EventSelection): void => {
  let hasMissed = false
  const tellMissed = (): void => {
    if (hasMissed && stream.send({ kind: 'missed', data: {} })) hasMissed = false
  }
  const send = (event: SupervisorEvent): void => {
    if (!isWanted(event, processes)) return
    tellMissed()
    if (hasMissed || !stream.send({ kind: 'message', id: event.cursor, data: event })) hasMissed = true
  }
  const replay = log.since(since ?? (follow ? log.cursor : 0))
  if (replay.missed && since !== undefined) stream.send({ kind: 'missed', data: {} })
  for (const event of replay.events) send(event)
  if (!follow || end.aborted) return stream.end()
  const unsubscribe = log.subscribe(send)
  const finish = (): void => stream.end()
  stream.onDrain(tellMissed)
  end.addEventListener('abort', finish)
  stream.onClose(() => {
    unsubscribe()
    end.removeEventListener('abort', finish)
  })
}

const isWanted = ({ process, label }: SupervisorEvent, processes: readonly string[]): boolean =>
  processes.length === 0 || processes.some((name) => name === process || name === label)
