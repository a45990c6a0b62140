// The connections of the control socket, bounded in number and time: who does not finish a request, or does not read
// its reply, is thrown out, and so is the one that has asked for the longest when there are too many.

import type { Socket } from 'node:net'

export type Connections = {
  /** From now on the connection is looked after; false: it was refused. */
  admit(socket: Socket): boolean
  /** Its request is complete. False for a second request of the same connection: each connection has one. */
  beginAnswer(socket: Socket): boolean
  /** All of the reply is written: what remains is the peer's to read. */
  endAnswer(socket: Socket): void
  destroyAll(): void
}

type Limits = { readonly count: number; readonly askMs: number; readonly readMs: number }

const LIMITS: Limits = { count: 256, askMs: 2000, readMs: 5000 }

export const createConnections = ({ count, askMs, readMs }: Limits = LIMITS): Connections => {
  /** In the order of their arrival. */
  const asking = new Map<Socket, NodeJS.Timeout>()
  const answered = new Map<Socket, NodeJS.Timeout | undefined>()
  const surplus = new WeakMap<Socket, number>()
  const forget = (socket: Socket): void => {
    clearTimeout(asking.get(socket))
    clearTimeout(answered.get(socket))
    asking.delete(socket)
    answered.delete(socket)
  }
  return {
    admit(socket) {
      // Without a listener the reset by a peer would be an exception.
      socket.on('error', () => socket.destroy())
      const [oldest] = asking.keys()
      if (asking.size + answered.size >= count) (oldest ?? socket).destroy()
      if (socket.destroyed) return false
      if (oldest?.destroyed === true) forget(oldest)
      asking.set(socket, startTimer(socket, askMs))
      socket.on('close', () => forget(socket))
      return true
    },
    beginAnswer(socket) {
      if (!asking.has(socket)) {
        // Their replies would wait behind the first one, which may never end.
        const count = (surplus.get(socket) ?? 0) + 1
        surplus.set(socket, count)
        if (count > SURPLUS_MAX) socket.destroy()
        return false
      }
      forget(socket)
      answered.set(socket, undefined)
      return true
    },
    endAnswer(socket) {
      if (answered.has(socket)) answered.set(socket, startTimer(socket, readMs))
    },
    destroyAll() {
      for (const socket of [...asking.keys(), ...answered.keys()]) socket.destroy()
    },
  }
}

/** Requests behind the first one of a connection that are left unanswered before it is thrown out. */
const SURPLUS_MAX = 2048

const startTimer = (socket: Socket, afterMs: number): NodeJS.Timeout => setTimeout(() => socket.destroy(), afterMs).unref()
