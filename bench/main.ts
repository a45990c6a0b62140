// Sizes and times of ./markov, each beside its limit from the same run. Prints a table; asserts nothing.
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { readBundle } from '../src/output/read-bundle.ts'
import { exampleProgramDir } from './example-program.ts'
import { benchEngines } from './engines.ts'
import { createHost, HOST_UID } from './host.ts'
import { extractFrames, nodeLimit, redisLimit, unpackLimit } from './limits.ts'
import { fillData, MARKOV, timeToGenerate } from './markov-start.ts'
import type { MarkovStart } from './markov-start.ts'
import { measureRuns, median, renderTimes } from './measure.ts'

const RUNS = Number(process.env['BENCH_RUNS'] ?? 9)
const MEGABYTE = 1_000_000

const workDir = mkdtempSync('/var/tmp/nixpack-bench-')
const dataDir = join(workDir, 'data')

const main = async (): Promise<void> => {
  mkdirSync(dataDir)
  chmodSync(workDir, 0o755)
  chownSync(dataDir, HOST_UID, HOST_UID)
  await using host = await createHost()
  const start = (cacheName: string): MarkovStart => ({ host, workDir, dataDir, cacheDir: join(dataDir, cacheName) })
  await fillData(start('warm'))
  await printSizes()
  const cold = await measureRuns(RUNS, (round) => startTime(start(`cold-${round}`), { keep: false }))
  await extractFrames(MARKOV, join(workDir, 'frames'))
  const unpack = await measureRuns(RUNS, () => unpackLimit(join(workDir, 'frames')))
  const warm = await measureRuns(RUNS, () => startTime(start('warm'), { keep: true }))
  const redisServer = join(exampleProgramDir('redis'), 'redis-server')
  const node = await measureRuns(RUNS, nodeLimit)
  const redis = await measureRuns(RUNS, () => redisLimit(redisServer, workDir))
  const warmLimit = median(node) + median(redis)
  print('cold start to /generate', renderTimes(cold), 'zstd -d of the same frames, all cores', renderTimes(unpack), median(cold) / median(unpack))
  print('warm start to /generate', renderTimes(warm), 'node -e 0 + start of redis', `${warmLimit.toFixed(0)} ms`, median(warm) / warmLimit)
  await benchEngines(workDir, RUNS)
}

const print = (...[what, ours, limit, theirs, ratio]: readonly [string, string, string, string, number]): void =>
  console.log(`${what.padEnd(26)} ${ours.padEnd(26)} ${`${limit}: ${theirs}`.padEnd(66)} ratio ${ratio.toFixed(2)}`)

const printSizes = async (): Promise<void> => {
  const { index, sizeBytes, launcherBytes } = await readBundle(MARKOV)
  const closure = index.paths.reduce((total, path) => total + path.sizeBytes, 0)
  const runtime = index.paths[index.runtime ?? -1]?.frames.reduce((total, frame) => total + frame.sizeBytes, 0) ?? 0
  const megabytes = (bytes: number): string => `${(bytes / MEGABYTE).toFixed(1)} MB`
  print('size of ./markov', megabytes(sizeBytes), 'first target', '45.0 MB', sizeBytes / MEGABYTE / 45)
  console.log(
    `  launcher ${megabytes(launcherBytes)}, runtime ${megabytes(runtime)}, programs ${megabytes(sizeBytes - runtime - launcherBytes)}; unpacked ${megabytes(closure)}`,
  )
}

/** Milliseconds of one start. */
const startTime = async (start: MarkovStart, { keep }: { readonly keep: boolean }): Promise<number> => {
  const time = await timeToGenerate(start)
  if (!keep) rmSync(start.cacheDir, { recursive: true })
  return time
}

try {
  await main()
} finally {
  rmSync(workDir, { recursive: true, force: true })
}
