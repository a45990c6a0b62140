// Whether whoever takes lines can take more, and who waits until it can.

export type Room = {
  /** True while producers should pause. */
  readonly isFull: () => boolean
  /** Called once, when it may be worth to ask again. */
  readonly whenRoom: (wake: () => void) => void
}

export type Waiters = { readonly add: (wake: () => void) => void; readonly wake: () => void }

export const createWaiters = (): Waiters => {
  let waiting = new Set<() => void>()
  return {
    add: (wake) => waiting.add(wake),
    wake() {
      const woken = waiting
      waiting = new Set()
      for (const wake of woken) wake()
    },
  }
}

/** Has room when all have. */
export const combineRooms = (rooms: readonly Room[]): Room => ({
  isFull: () => rooms.some((room) => room.isFull()),
  whenRoom: (wake) => rooms.find((room) => room.isFull())?.whenRoom(wake),
})
