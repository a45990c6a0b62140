// What has happened, numbered, the latest of it kept: who subscribes late can catch up.

import type { SupervisorEvent } from '../contract/control.ts'
import type { EventLog } from '../contract/control-supervisor.ts'

export type WritableEventLog = EventLog & { publish(event: Omit<SupervisorEvent, 'cursor' | 'atMs'>): void }

export const createEventLog = (capacity = EVENTS_KEPT, nowMs: () => number = Date.now): WritableEventLog => {
  const listeners = new Set<(event: SupervisorEvent) => void>()
  let kept: SupervisorEvent[] = []
  let cursor = 0
  return {
    publish(news) {
      cursor += 1
      const event = { ...news, cursor, atMs: nowMs() }
      kept.push(event)
      // Seldom, so that it costs nothing per event.
      if (kept.length >= capacity * 2) kept = kept.slice(-capacity)
      for (const listener of listeners) listener(event)
    },
    get cursor() {
      return cursor
    },
    since: (after) => ({
      events: kept.filter((event) => event.cursor > after),
      missed: after < (kept[0]?.cursor ?? 1) - 1,
    }),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

const EVENTS_KEPT = 1000
