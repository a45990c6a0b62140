// Several runs of something, and their median: machines are noisy, single figures are not worth quoting.

/** Milliseconds of each run, sorted; `run` returns what it measured itself. */
export const measureRuns = async (runs: number, run: (round: number) => Promise<number>): Promise<readonly number[]> => {
  const times: number[] = []
  for (let round = 0; round < runs; round++) times.push(await run(round))
  return times.sort((left, right) => left - right)
}

export const median = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length / 2)] ?? Number.NaN

/** `median (least to most)` in ms. */
export const renderTimes = (sorted: readonly number[]): string => `${median(sorted).toFixed(0)} ms (${sorted[0]?.toFixed(0)} to ${sorted.at(-1)?.toFixed(0)})`

/** Milliseconds that `work` takes. */
export const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now()
  await work()
  return performance.now() - start
}
