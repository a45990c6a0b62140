// One supervisor per instance: a listening socket in Linux' abstract namespace, which the kernel gives to one process
// and takes back when that process dies, however it dies. It also tells who holds it, and, by closing, when it is gone.

import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { NixpackError } from '../contract/errors.ts'
import { hashText } from '../contract/sha256.ts'

export type InstanceKey = {
  readonly uid: number
  readonly bundle: string
  readonly instance: string
  /** Where run directories are, when the user has said so: an instance there is another one than elsewhere. */
  readonly runDir?: string | undefined
}

export type InstanceLock = { readonly release: () => void }

/** Throws CONTROL_IN_USE with the holder's pid. */
export const acquireInstanceLock = async (key: InstanceKey): Promise<InstanceLock> => {
  const server = createServer((socket) => {
    // The peer only reads our pid and waits for the end; what it sends is nobody's business.
    socket.on('error', () => socket.destroy())
    socket.unref()
    socket.write(`${process.pid}\n`)
  })
  server.maxConnections = 64
  if (await listen(server, resolveLockName(key))) return { release: () => server.close() }
  const pid = await readHolder(key)
  const holder = pid === undefined ? '' : ` (pid ${pid})`
  throw new NixpackError('CONTROL_IN_USE', `cannot start "${key.bundle}": instance "${key.instance}" is already running${holder}`, {
    hint: 'stop it with the command "down", or start another one with --instance NAME',
  })
}

/** Resolves when the holder is gone, at once when there is none. */
export const waitForRelease = (key: InstanceKey): Promise<void> =>
  new Promise((resolve) => {
    const socket = connectTo(key)
    socket.on('close', () => resolve())
    socket.resume()
  })

/** A path may be longer than a socket's name. */
const resolveLockName = ({ uid, bundle, instance, runDir = '' }: InstanceKey): string =>
  `\0nixpack/${uid}/${bundle}/${instance}${runDir === '' ? '' : `@${hashText(runDir).slice(0, 12)}`}`

const listen = (server: Server, name: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)))
    // Not unref'd: the bundle lives on when all its processes have been stopped by command.
    server.listen(name, () => resolve(true))
  })

const connectTo = (key: InstanceKey): Socket => {
  const socket = connect(resolveLockName(key))
  // ECONNREFUSED: nobody holds it. `close` follows every error.
  socket.on('error', () => undefined)
  return socket
}

const readHolder = (key: InstanceKey): Promise<number | undefined> =>
  new Promise((resolve) => {
    const socket = connectTo(key)
    const answer = (pid: number): void => {
      socket.destroy()
      resolve(Number.isInteger(pid) && pid > 0 ? pid : undefined)
    }
    socket.setTimeout(HOLDER_TIMEOUT_MS, () => answer(0))
    socket.once('data', (chunk) => answer(Number.parseInt(chunk.toString('latin1'), 10)))
    socket.on('close', () => answer(0))
  })

const HOLDER_TIMEOUT_MS = 1000
