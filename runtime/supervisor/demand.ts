// Who waits for the first connection to which socket. The spawner watches a socket once; here any number may wait.

import type { Spawner } from './spawner.ts'

export type Demand = {
  /** Calls once, at the first connection to one of them. */
  await(sockets: readonly string[], demanded: () => void): { cancel(): void }
}

type Watch = { readonly waiting: Set<() => void>; readonly cancel: () => void }

export const createDemand = (spawner: Pick<Spawner, 'watch'>): Demand => {
  const watches = new Map<string, Watch>()
  const watch = (name: string): Watch => {
    const known = watches.get(name)
    if (known !== undefined) return known
    const waiting = new Set<() => void>()
    const { cancel } = spawner.watch(name, () => {
      watches.delete(name)
      for (const demanded of waiting) demanded()
    })
    const fresh = { waiting, cancel }
    watches.set(name, fresh)
    return fresh
  }
  const leave = (name: string, demanded: () => void): void => {
    const known = watches.get(name)
    if (known === undefined || !known.waiting.delete(demanded) || known.waiting.size > 0) return
    watches.delete(name)
    known.cancel()
  }
  return {
    await(sockets, demanded) {
      let isOver = false
      const cancel = (): void => {
        isOver = true
        for (const name of sockets) leave(name, first)
      }
      const first = (): void => {
        if (isOver) return
        cancel()
        demanded()
      }
      for (const name of sockets) watch(name).waiting.add(first)
      return { cancel }
    },
  }
}
