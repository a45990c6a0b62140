// The same numbers again for the same seed.

export type Random = {
  /** From 0 to `count` - 1. */
  readonly below: (count: number) => number
  readonly pick: <Item>(items: readonly [Item, ...Item[]]) => Item
}

/** mulberry32 */
export const createRandom = (seed: number): Random => {
  let state = seed >>> 0
  const below = (count: number): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * count)
  }
  return { below, pick: (items) => items[below(items.length)] ?? items[0] }
}
