// The physical limits that the times of a bundle stand beside, measured on this machine in the same run.
import { execFile, spawn } from 'node:child_process'
import { mkdir, open, rm, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { readBundle } from '../src/output/read-bundle.ts'
import { timed } from './measure.ts'

const exec = promisify(execFile)

/** Writes every frame of the bundle into a file of its own below `dir`, largest first by name. */
export const extractFrames = async (bundlePath: string, dir: string): Promise<void> => {
  const { index } = await readBundle(bundlePath)
  await mkdir(dir, { recursive: true })
  const file = await open(bundlePath, 'r')
  const frames = index.paths.flatMap((path) => path.frames).sort((left, right) => right.sizeBytes - left.sizeBytes)
  for (const [at, frame] of frames.entries()) {
    const { buffer } = await file.read(Buffer.alloc(frame.sizeBytes), 0, frame.sizeBytes, frame.offset)
    await writeFile(join(dir, `${String(at).padStart(4, '0')}.zst`), buffer)
  }
  await file.close()
}

/** Time to decompress all frames with zstd on all cores to the same disk: no cold start can be faster. */
export const unpackLimit = async (framesDir: string): Promise<number> => {
  const time = await timed(() => exec('sh', ['-c', `ls *.zst | xargs -P ${availableParallelism()} -n 1 zstd -d -q -f`], { cwd: framesDir }))
  await exec('sh', ['-c', 'for f in *.zst; do rm "${f%.zst}"; done'], { cwd: framesDir })
  return time
}

/** Time of `node -e 0`: the runtime's own start. */
export const nodeLimit = async (): Promise<number> => timed(() => exec(process.execPath, ['-e', '0']))

/** Time from the start of redis-server until it answers PING on a Unix socket. */
export const redisLimit = async (redisServer: string, dir: string): Promise<number> => {
  const socketPath = join(dir, 'limit.sock')
  await rm(socketPath, { force: true })
  const start = performance.now()
  const redis = spawn(redisServer, ['--port', '0', '--unixsocket', socketPath, '--dir', dir, '--save', ''], { stdio: ['ignore', 'pipe', 'ignore'] })
  let output = ''
  for await (const chunk of redis.stdout) {
    output += String(chunk)
    if (/eady to accept connections/i.test(output)) break
  }
  const time = performance.now() - start
  redis.kill('SIGKILL')
  await once(redis, 'close')
  return time
}
