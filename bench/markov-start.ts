// Starts of the markov bundle, from the first instant until its REST API answers.
import { connect } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'

import type { Host, HostRun } from './host.ts'

export const MARKOV = join(import.meta.dirname, '..', 'markov')
const PORT = 18_471

export type MarkovStart = {
  readonly host: Host
  readonly workDir: string
  readonly dataDir: string
  readonly cacheDir: string
  readonly uid?: number
  readonly engine?: string
}

const start = ({ host, workDir, dataDir, cacheDir, uid, engine }: MarkovStart): HostRun =>
  host.start(MARKOV, {
    cwd: workDir,
    // Whatever else runs on this machine, under this user.
    args: ['--instance', 'bench'],
    env: {
      MARKOV_LISTEN_ADDR: `127.0.0.1:${PORT}`,
      MARKOV_DATA_DIR: dataDir,
      PATH: '/nonexistent',
      NIXPACK_RUN_DIR: join(dataDir, 'run'),
      NIXPACK_CACHE_DIR: cacheDir,
      ...(engine === undefined ? {} : { NIXPACK_ENGINE: engine }),
    },
    ...(uid === undefined ? {} : { uid }),
  })

/** Milliseconds from the start of the bundle until /generate answers with text. */
export const timeToGenerate = async (options: MarkovStart): Promise<number> => {
  const begin = performance.now()
  const { child, failure } = start(options)
  while (!(await generates())) if (child.exitCode !== null) throw failure()
  const time = performance.now() - begin
  child.kill('SIGTERM')
  await once(child, 'exit')
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

/** Gives /generate something to say, and fills the cache. */
export const fillData = async (options: MarkovStart): Promise<void> => {
  const { child, failure } = start(options)
  const url = `http://127.0.0.1:${PORT}/build`
  while ((await fetch(url, { method: 'POST', body: 'one two three four five six seven eight nine' }).catch(() => undefined))?.ok !== true) {
    if (child.exitCode !== null) throw failure()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  child.kill('SIGTERM')
  await once(child, 'exit')
}
