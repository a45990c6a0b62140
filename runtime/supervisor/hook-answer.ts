// What a hook says on its standard output to whoever asks it something: JSON, or a text.

import { Socket } from 'node:net'

export type HookAnswer = {
  /** Reads the descriptor to its end, and closes it; what it returns waits for that, at most so long. */
  readonly take: (fd: number) => (timeoutMs: number) => Promise<void>
  /** Undefined when nothing was said. */
  readonly read: () => unknown
}

export const createHookAnswer = (): HookAnswer => {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  return {
    take(fd) {
      const socket = new Socket({ fd, readable: true, writable: false })
      const ended = new Promise<void>((resolve) => void socket.on('close', () => resolve()))
      // A read error of a pipe has no remedy; `close` follows.
      socket.on('error', () => undefined)
      socket.on('data', (chunk: Buffer) => {
        if (sizeBytes < ANSWER_MAX_BYTES) chunks.push(chunk)
        sizeBytes += chunk.length
      })
      return async (timeoutMs) => {
        const timer = setTimeout(() => socket.destroy(), timeoutMs)
        await ended
        clearTimeout(timer)
      }
    },
    read: () => (sizeBytes === 0 ? undefined : parseAnswer(Buffer.concat(chunks).subarray(0, ANSWER_MAX_BYTES).toString('utf8').trim())),
  }
}

const ANSWER_MAX_BYTES = 65_536

const parseAnswer = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON: a text.
    return text
  }
}
