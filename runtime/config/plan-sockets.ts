// Declared sockets with their addresses filled in.

import { resolve } from 'node:path'
import { parseBindAddress } from '../contract/address.ts'
import { NixpackError } from '../contract/errors.ts'
import type { Manifest, SocketDeclaration } from '../contract/manifest.ts'
import { SOCKET_PATH_MAX_BYTES } from '../contract/directories.ts'
import type { SocketAddress, SocketSpec } from '../contract/process-spec.ts'
import { octalNumber } from './declared-values.ts'
import { substitute } from './substitute.ts'
import type { Substitution } from './substitute.ts'

export type SocketContext = Substitution & { readonly workingDir: string }

export const planSocket = (name: string, declaration: SocketDeclaration, context: SocketContext): SocketSpec => ({
  name,
  address: planAddress(name, declaration, context),
  mode: declaration.mode === undefined ? undefined : octalNumber(declaration.mode),
  umask: declaration.umask === undefined ? undefined : octalNumber(declaration.umask),
  backlog: declaration.backlog,
  reusePort: declaration.reusePort,
  replace: declaration.replace,
  interface: declaration.interface === undefined ? undefined : substitute(declaration.interface, context),
})

/** As placeholders see them before they are bound: a port that the kernel chooses is still 0. */
export const planSocketAddresses = ({ sockets }: Manifest, context: SocketContext): ReadonlyMap<string, SocketAddress> =>
  new Map(Object.entries(sockets).map(([name, declaration]) => [name, planSocket(name, declaration, context).address]))

const planAddress = (name: string, { tcp, udp, unix, unixgram }: SocketDeclaration, context: SocketContext): SocketSpec['address'] => {
  if (tcp !== undefined) return { kind: 'tcp', ...planNetworkAddress(name, substitute(tcp, context)) }
  if (udp !== undefined) return { kind: 'udp', ...planNetworkAddress(name, substitute(udp, context)) }
  const kind = unix === undefined ? 'unixgram' : 'unix'
  return { kind, path: planPath(name, resolve(context.workingDir, substitute(unix ?? unixgram ?? '', context))) }
}

const planNetworkAddress = (name: string, text: string): { readonly host: string; readonly port: number } => {
  const address = parseBindAddress(text)
  if (address !== undefined) return address
  throw new NixpackError('ENV_INVALID', `cannot listen for socket "${name}": expected host:port, got ${JSON.stringify(text)}`)
}

const planPath = (name: string, path: string): string => {
  if (Buffer.byteLength(path) <= SOCKET_PATH_MAX_BYTES) return path
  const reason = `the path "${path}" is longer than ${SOCKET_PATH_MAX_BYTES} bytes`
  throw new NixpackError('ENV_INVALID', `cannot listen for socket "${name}": ${reason}`, { hint: 'choose a directory with a shorter path' })
}
