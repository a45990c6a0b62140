// What a new plan means for what is running. Pure: specifications are told apart by their digests.

import type { PlanChange } from '../contract/control.ts'
import type { Plan, SocketSpec } from '../contract/process-spec.ts'

export type SocketChange = { readonly opened: readonly SocketSpec[]; readonly closed: readonly string[] }

/** A process whose socket is another one is changed, whatever its digest says. */
export const planChange = (before: Plan, after: Plan): PlanChange => {
  const known = new Map(before.processes.map((spec) => [spec.name, spec]))
  const { opened, closed } = planSocketChange(before, after)
  const touched = new Set([...opened.map(({ name }) => name), ...closed])
  const change = { added: [], changed: [], scaled: [], removed: [], kept: [] } satisfies Record<keyof PlanChange, string[]>
  const lists: Record<keyof PlanChange, string[]> = change
  for (const { name, hash, numprocesses, sockets, stdinSocket } of after.processes) {
    const old = known.get(name)
    const isTouched = [...sockets, ...(stdinSocket === undefined ? [] : [stdinSocket])].some((socket) => touched.has(socket))
    const verdict = old === undefined ? 'added' : old.hash !== hash || isTouched ? 'changed' : old.numprocesses === numprocesses ? 'kept' : 'scaled'
    lists[verdict].push(name)
  }
  const names = new Set(after.processes.map(({ name }) => name))
  lists.removed.push(...[...known.keys()].filter((name) => !names.has(name)))
  return lists
}

export const planSocketChange = (before: Plan, after: Plan): SocketChange => {
  const known = new Map(before.sockets.map((socket) => [socket.name, JSON.stringify(socket)]))
  const kept = new Set(after.sockets.filter((socket) => known.get(socket.name) === JSON.stringify(socket)).map(({ name }) => name))
  return {
    opened: after.sockets.filter(({ name }) => !kept.has(name)),
    closed: [...known.keys()].filter((name) => !kept.has(name)),
  }
}
