// Sizes and times of ./markov, each beside its limit from the same run. Prints a table; asserts nothing.
import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'

import { readBundle } from '../src/output/read-bundle.ts'
import { exampleProgramDir } from './example-program.ts'
import { createHost, HOST_UID } from './host.ts'
import type { Host } from './host.ts'
import { extractFrames, nodeLimit, redisLimit, unpackLimit } from './limits.ts'
import { measureRuns, median, renderTimes } from './measure.ts'

const RUNS = Number(process.env['BENCH_RUNS'] ?? 9)
const BUNDLE = join(import.meta.dirname, '..', 'markov')
const PORT = 18_471
const MEGABYTE = 1_000_000

const workDir = mkdtempSync('/var/tmp/nixpack-bench-')
const dataDir = join(workDir, 'data')
const environment = { MARKOV_LISTEN_ADDR: `127.0.0.1:${PORT}`, MARKOV_DATA_DIR: dataDir, PATH: '/nonexistent', NIXPACK_RUN_DIR: join(workDir, 'run') }

const main = async (): Promise<void> => {
  mkdirSync(dataDir)
  for (const dir of [workDir, dataDir]) chownSync(dir, HOST_UID, HOST_UID)
  await using host = await createHost()
  await fillData(host)
  await printSizes()
  const cold = await measureRuns(RUNS, (round) => startTime(host, join(workDir, `cold-${round}`), { keep: false }))
  await extractFrames(BUNDLE, join(workDir, 'frames'))
  const unpack = await measureRuns(RUNS, () => unpackLimit(join(workDir, 'frames')))
  const warm = await measureRuns(RUNS, () => startTime(host, join(workDir, 'warm'), { keep: true }))
  const redisServer = join(exampleProgramDir('redis'), 'redis-server')
  const node = await measureRuns(RUNS, nodeLimit)
  const redis = await measureRuns(RUNS, () => redisLimit(redisServer, workDir))
  const warmLimit = median(node) + median(redis)
  print('cold start to /generate', renderTimes(cold), 'zstd -d of the same frames, all cores', renderTimes(unpack), median(cold) / median(unpack))
  print('warm start to /generate', renderTimes(warm), 'node -e 0 + start of redis', `${warmLimit.toFixed(0)} ms`, median(warm) / warmLimit)
}

const print = (...[what, ours, limit, theirs, ratio]: readonly [string, string, string, string, number]): void =>
  console.log(`${what.padEnd(26)} ${ours.padEnd(26)} ${`${limit}: ${theirs}`.padEnd(66)} ratio ${ratio.toFixed(2)}`)

const printSizes = async (): Promise<void> => {
  const { index, sizeBytes, launcherBytes } = await readBundle(BUNDLE)
  const closure = index.paths.reduce((total, path) => total + path.sizeBytes, 0)
  const runtime = index.paths[index.runtime ?? -1]?.frames.reduce((total, frame) => total + frame.sizeBytes, 0) ?? 0
  const megabytes = (bytes: number): string => `${(bytes / MEGABYTE).toFixed(1)} MB`
  print('size of ./markov', megabytes(sizeBytes), 'first target', '45.0 MB', sizeBytes / MEGABYTE / 45)
  console.log(
    `  launcher ${megabytes(launcherBytes)}, runtime ${megabytes(runtime)}, programs ${megabytes(sizeBytes - runtime - launcherBytes)}; unpacked ${megabytes(closure)}`,
  )
}

/** Milliseconds from the start of the bundle until /generate answers with text. */
const startTime = async (host: Host, cacheDir: string, { keep }: { readonly keep: boolean }): Promise<number> => {
  const start = performance.now()
  const bundle = host.start(BUNDLE, { cwd: workDir, env: { ...environment, NIXPACK_CACHE_DIR: cacheDir } })
  while (!(await generates())) if (bundle.exitCode !== null) throw new Error(`the bundle ended with status ${bundle.exitCode}`)
  const time = performance.now() - start
  bundle.kill('SIGTERM')
  await once(bundle, 'close')
  if (!keep) rmSync(cacheDir, { recursive: true })
  return time
}

const generates = async (): Promise<boolean> => {
  const socket = connect(PORT, '127.0.0.1')
  try {
    await once(socket, 'connect')
    socket.write('GET /generate?numParts=3 HTTP/1.0\r\n\r\n')
    const [answer] = await once(socket, 'data')
    return String(answer).includes(' 200 ')
  } catch {
    // Nobody listens yet.
    await new Promise((resolve) => setTimeout(resolve, 1))
    return false
  } finally {
    socket.destroy()
  }
}

/** Gives /generate something to say, and fills the warm cache. */
const fillData = async (host: Host): Promise<void> => {
  const bundle = host.start(BUNDLE, { cwd: workDir, env: { ...environment, NIXPACK_CACHE_DIR: join(workDir, 'warm') } })
  const url = `http://127.0.0.1:${PORT}/build`
  while ((await fetch(url, { method: 'POST', body: 'one two three four five six seven eight nine' }).catch(() => undefined))?.ok !== true) {
    if (bundle.exitCode !== null) throw new Error(`the bundle ended with status ${bundle.exitCode}: is another one running?`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  bundle.kill('SIGTERM')
  await once(bundle, 'close')
}

try {
  await main()
} finally {
  rmSync(workDir, { recursive: true, force: true })
}
