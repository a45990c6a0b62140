// One supervisor per instance: a listening socket in Linux' abstract namespace, which the kernel gives to one process
// and takes back when that process dies, however it dies. By closing it tells when that is. Attack prevented: the name is
// anybody's, so that whoever has it is only believed when the kernel says that it is the same user.

import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { NixpackError } from '../contract/errors.ts'
import { hashText } from '../contract/sha256.ts'

export type InstanceKey = {
  readonly uid: number
  readonly bundle: string
  readonly instance: string
  /** Where run directories are, when the user has said so: an instance there is another one than elsewhere. */
  readonly runDir?: string | undefined
}

/** Who has the name, as the kernel knows it; undefined when nobody listens there. */
export type ReadHolder = (address: string) => Promise<Holder | undefined>
export type Holder = { readonly uid: number; readonly pid: number | undefined }

export type InstanceLock = {
  /** Another user has taken the name, which says nothing: something else has to tell whether this instance runs. */
  readonly isForeign: boolean
  /** Who that is; undefined when nobody can tell: the name is taken, and nobody listens. */
  readonly holder?: Holder | undefined
  readonly release: () => void
}

/** Throws CONTROL_IN_USE with the holder's pid. `readHolder` is only asked when the name is taken. */
export const acquireInstanceLock = async (key: InstanceKey, readHolder: ReadHolder): Promise<InstanceLock> => {
  for (let attempt = 1; ; attempt += 1) {
    // The peer only waits for the end; what it sends is nobody's business.
    const server = createServer((socket) => void socket.on('error', () => socket.destroy()).unref())
    server.maxConnections = 64
    if (await listen(server, resolveLockName(key))) return { isForeign: false, release: () => server.close() }
    const holder = await readHolder(resolveLockName(key).replace('\0', '@'))
    if (holder?.uid === key.uid) throw createInUse(key, holder.pid)
    if (holder !== undefined || attempt === ATTEMPTS) return { isForeign: true, holder, release: () => undefined }
    // It has just gone, or has not begun to listen.
    await setTimeout(RETRY_MS)
  }
}

const ATTEMPTS = 10
const RETRY_MS = 20

export const createInUse = ({ bundle, instance }: InstanceKey, pid: number | undefined): NixpackError => {
  const holder = pid === undefined ? '' : ` (pid ${pid})`
  return new NixpackError('CONTROL_IN_USE', `cannot start "${bundle}": instance "${instance}" is already running${holder}`, {
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
export const resolveLockName = ({ uid, bundle, instance, runDir = '' }: InstanceKey): string =>
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
