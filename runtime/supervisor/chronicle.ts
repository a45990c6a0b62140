// What is remembered of each process beyond its instances: counters, and the latest changes of state.

import type { Explanation, ProcessCounters } from '../contract/control.ts'
import type { LogHub } from '../log/log-hub.ts'
import { describeReason } from './describe.ts'
import type { InstanceChange } from './pool.ts'

export type Chronicle = {
  note(change: InstanceChange): void
  counters(name: string): ProcessCounters
  changes(name: string): Explanation['changes']
  forget(name: string): void
}

type Entry = { starts: number; restarts: number; crashes: number; readonly changes: Explanation['changes'] }

export const createChronicle = (hub: LogHub): Chronicle => {
  const entries = new Map<string, Entry>()
  const find = (name: string): Entry => {
    const entry = entries.get(name) ?? { starts: 0, restarts: 0, crashes: 0, changes: [] }
    entries.set(name, entry)
    return entry
  }
  return {
    note({ pool, instance, before, after }) {
      const entry = find(pool.name)
      entry.starts += after.starts - before.starts
      entry.restarts += after.restarts - before.restarts
      entry.crashes += after.crashes - before.crashes
      if (before.state === after.state) return
      entry.changes.push({ atMs: Date.now(), label: instance.label, from: before.state, to: after.state, reason: describeReason(instance, []) })
      if (entry.changes.length > CHANGES_KEPT) entry.changes.shift()
    },
    counters(name) {
      const { starts, restarts, crashes } = find(name)
      const { lines, bytes, truncated, dropped } = hub.counters(name)
      return { starts, restarts, crashes, lines, bytes, linesTruncated: truncated, linesDropped: dropped }
    },
    changes: (name) => find(name).changes,
    forget: (name) => void entries.delete(name),
  }
}

const CHANGES_KEPT = 20
