// The control socket. It only listens: HTTP is loaded when somebody connects. Whatever a peer sends, the processes do
// not notice: sizes, times and the number of connections are bounded, and every failure is a reply.
// Who may connect is decided by the file system, a socket of mode 0600 in a directory of mode 0700: Node has no way to
// ask for the peer's user (SO_PEERCRED).

import { chmodSync } from 'node:fs'
import type { Server as HttpServer } from 'node:http'
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { createConnections } from './connections.ts'
import type { AnswerOptions } from './answers.ts'

export type ControlOptions = Omit<AnswerOptions, 'end'> & { readonly socketPath: string }

export type ControlServer = {
  /** Lets followers of logs read to the end, for a moment. */
  close(): Promise<void>
}

/** Listens before it returns; the caller owns the directory of the socket. */
export const createControlServer = async ({ socketPath, ...options }: ControlOptions): Promise<ControlServer> => {
  const end = new AbortController()
  const connections = createConnections()
  let http: Promise<HttpServer> | undefined
  const loadHttp = async (): Promise<HttpServer> => (await import('./http.ts')).createHttp({ ...options, end: end.signal }, connections)
  // Half-open as in node:http: a client may say that it has nothing more to ask, and wait.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    if (!connections.admit(socket)) return
    http ??= loadHttp()
    void http.then((loaded) => {
      if (!socket.destroyed) loaded.emit('connection', socket)
    })
  })
  await listen(server, socketPath)
  chmodSync(socketPath, 0o600)
  server.on('error', () => undefined)
  return {
    close: () =>
      new Promise((resolve) => {
        end.abort()
        const timer = setTimeout(() => connections.destroyAll(), LAST_REPLIES_MS)
        server.close(() => {
          clearTimeout(timer)
          resolve()
        })
      }),
  }
}

const LAST_REPLIES_MS = 200

/** Connections that the kernel holds until they are accepted: a burst of clients is not refused. */
const BACKLOG = 1024

const listen = (server: Server, socketPath: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ path: socketPath, backlog: BACKLOG }, () => {
      server.off('error', reject)
      server.unref()
      resolve()
    })
  })
