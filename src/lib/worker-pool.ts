// Runs work over a list with a bound on how much of it is under way.

/** Maps `items` in parallel, at most `limit` at a time, results in the order of the items. The first failure rejects, and no further item is started. */
export const mapParallel = async <Item, Result>(items: readonly Item[], limit: number, work: (item: Item) => Promise<Result>): Promise<readonly Result[]> => {
  const results = new Map<number, Result>()
  const queue = items.entries()
  let failed = false
  const worker = async (): Promise<void> => {
    for (const [at, item] of queue) {
      if (failed) return
      results.set(at, await work(item))
    }
  }
  const guarded = async (): Promise<void> => {
    try {
      await worker()
    } catch (error) {
      failed = true
      throw error
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, guarded))
  return [...results].sort(([left], [right]) => left - right).map(([, result]) => result)
}
