// The spawner as a process: started, spoken to, found missing. The only user of node:child_process in the runtime.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { Duplex } from 'node:stream'
import { createFrameParser, renderFrame } from './spawner-frame.ts'
import type { SpawnerMessage } from './spawner-frame.ts'
import type { SpawnerOptions } from './spawner.ts'

export type SpawnerConnection = {
  /** An error is returned for what cannot be sent, or no more. */
  send(message: SpawnerMessage): Error | undefined
  close(): void
}

type ConnectionListeners = {
  readonly received: (message: SpawnerMessage) => void
  /** Once, after everything that was received; not after close(). */
  readonly lost: (reason: string) => void
}

export const createSpawnerConnection = (options: SpawnerOptions, { received, lost }: ConnectionListeners): SpawnerConnection => {
  const child = startSpawner(options)
  const socket = child instanceof Error ? undefined : child.stdio[3]
  let isClosed = false
  const end = (reason: string): void => {
    if (isClosed) return
    isClosed = true
    lost(reason)
  }
  if (child instanceof Error || !(socket instanceof Duplex)) {
    setImmediate(end, `cannot run "${options.shimPath}": ${child instanceof Error ? child.message : 'no socket'}`)
  } else {
    const parse = createFrameParser()
    socket.on('data', (chunk: Buffer) => {
      for (const message of parse(chunk)) received(message)
    })
    // Nothing more can be said to it; its end says why.
    socket.on('error', () => undefined)
    // Half-open by default: our own half is of no use any more.
    socket.on('end', () => socket.destroy())
    void waitForEnd(child, socket).then(end)
  }
  return {
    send(message) {
      const frame = renderFrame(message)
      if (frame instanceof Error) return frame
      if (isClosed || !(socket instanceof Duplex)) return new Error('the spawner is gone')
      socket.write(frame)
      return undefined
    },
    close() {
      isClosed = true
      if (socket instanceof Duplex) socket.end()
    },
  }
}

/** An error is returned for what Node throws at once. */
const startSpawner = ({ shimPath, environment }: SpawnerOptions): ChildProcess | Error => {
  const outer = environment['NOTIFY_SOCKET']
  const env = outer === undefined ? {} : { NOTIFY_SOCKET: outer }
  try {
    return spawn(shimPath, ['spawner', String(process.pid)], { cwd: '/', env, stdio: ['inherit', 'inherit', 'inherit', 'pipe'] })
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

const waitForEnd = async (child: ChildProcess, socket: Duplex): Promise<string> => {
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(`it cannot be run: ${error.message}`))
    child.on('exit', (code, signal) => resolve(signal === null ? `it exited with status ${code}` : `it was killed by ${signal}`))
  })
  await new Promise((resolve) => void socket.on('close', resolve))
  return ended
}
