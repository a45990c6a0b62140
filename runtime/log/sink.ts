// One of our own output streams (stdout, stderr) as a place that takes one buffer at a time and never blocks the
// event loop. Pipes and sockets are event-driven; files and terminals are written by the thread pool.
// Where it is possible the stream is opened once more: O_NONBLOCK would otherwise be set for everybody who
// shares the user's pipe or terminal with us.

import { closeSync, constants, fstatSync, openSync, write } from 'node:fs'
import { Socket } from 'node:net'
import type { Stats } from 'node:fs'

export type Sink = {
  /**
   * `done` is called once: without an error when all bytes are with the kernel; with one, and how many were before it,
   * where that is known. One write at a time.
   */
  write(bytes: Buffer, done: (error?: Error, writtenBytes?: number) => void): void
  close(): void
}

export const createSink = (fd: number): Sink => {
  const stats = statDescriptor(fd)
  if (stats === undefined) return createClosedSink()
  if (stats.isFIFO()) return createSocketSink(openAgain(fd) ?? fd)
  if (stats.isSocket()) return createSocketSink(fd)
  return createFileSink(stats.isCharacterDevice() ? (openAgain(fd) ?? fd) : fd)
}

const statDescriptor = (fd: number): Stats | undefined => {
  try {
    return fstatSync(fd)
  } catch {
    // EBADF: started with the stream closed, which is the user's right.
    return undefined
  }
}

const openAgain = (fd: number): number | undefined => {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch {
    // No /proc, or a terminal that belongs to another user (su): the stream itself is used.
    return undefined
  }
}

const createClosedSink = (): Sink => ({
  write: (_bytes, done) => setImmediate(done, new Error('the stream is closed')),
  close: () => undefined,
})

const createSocketSink = (fd: number): Sink => {
  const socket = new Socket({ fd, readable: false, writable: true })
  // Each write reports its own error; without this listener a reader that goes away would end the supervisor.
  socket.on('error', () => undefined)
  const keepFromBlocking = createUnblocker(socket)
  return {
    write: (bytes, done) => {
      keepFromBlocking()
      socket.write(bytes, (error) => (error instanceof Error ? done(error) : done()))
    },
    close: () => socket.destroy(),
  }
}

/**
 * A socket cannot be opened again, so its flags are everybody's, and whoever starts a program with it makes it block again
 * (libuv does so for the standard streams of every child). A write that blocks would stop all that happens here.
 */
const createUnblocker = (socket: Socket): (() => void) => {
  const handle: unknown = Reflect.get(socket, '_handle')
  if (typeof handle !== 'object' || handle === null || !('setBlocking' in handle)) return () => undefined
  const { setBlocking } = handle
  return typeof setBlocking === 'function' ? () => void Reflect.apply(setBlocking, handle, [false]) : () => undefined
}

const createFileSink = (fd: number): Sink => {
  const writeFrom = (start: number, bytes: Buffer, done: (error?: Error, writtenBytes?: number) => void): void => {
    write(fd, bytes, start, (error, written) => {
      if (error?.code === 'EAGAIN') setTimeout(writeFrom, FULL_TERMINAL_RETRY_MS, start, bytes, done)
      else if (error !== null) done(error, start)
      else if (start + written < bytes.length) writeFrom(start + written, bytes, done)
      else done()
    })
  }
  return { write: (bytes, done) => writeFrom(0, bytes, done), close: () => (fd > 2 ? closeSync(fd) : undefined) }
}

/** A stopped terminal (Ctrl-S) has no event that says it goes on. */
const FULL_TERMINAL_RETRY_MS = 20
