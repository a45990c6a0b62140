// Several runs of something, and their median: machines are noisy, single figures are not worth quoting.

/** Milliseconds of each run, sorted; `run` returns what it measured itself. */
export const measureRuns = async (runs: number, run: (round: number) => Promise<number>): Promise<readonly number[]> => {
  const times: number[] = []
  for (let round = 0; round < runs; round++) times.push(await run(round))
  return sorted(times)
}

export const sorted = (times: readonly number[]): readonly number[] => [...times].sort((left, right) => left - right)

/** Of sorted times. */
export const median = (times: readonly number[]): number => times[Math.floor(times.length / 2)] ?? Number.NaN

/** `median (least to most)` in ms. */
export const renderTimes = (times: readonly number[]): string => `${median(times).toFixed(0)} ms (${times[0]?.toFixed(0)} to ${times.at(-1)?.toFixed(0)})`

/** Milliseconds that `work` takes. */
export const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now()
  await work()
  return performance.now() - start
}
