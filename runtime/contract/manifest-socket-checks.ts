// Declared sockets: one address each, and options that its kind has.

import { parseBindAddress } from './address.ts'
import { SOCKET_PATH_MAX_BYTES } from './directories.ts'
import type { Manifest, SocketDeclaration } from './manifest-schema.ts'
import { checkPublicKeys } from './manifest-reference-checks.ts'
import { checkAlternatives, problemIf } from './manifest-value-checks.ts'
import { isLiteral } from './placeholder.ts'

export const checkSocket = (manifest: Manifest, name: string, socket: SocketDeclaration): readonly string[] => {
  const place = `sockets.${name}`
  const { tcp, udp, unix, unixgram, interface: device } = socket
  return [
    ...checkAlternatives(place, { tcp, udp, unix, unixgram }),
    ...checkPublicKeys({ manifest, owner: 'socket', sockets: [] }, place, { tcp, udp, unix, unixgram, interface: device }),
    ...checkNetwork(`${place}.tcp`, tcp),
    ...checkNetwork(`${place}.udp`, udp),
    ...checkPath(`${place}.unix`, unix),
    ...checkPath(`${place}.unixgram`, unixgram),
    ...checkOptions(place, socket),
  ]
}

const checkNetwork = (place: string, text: string | undefined): readonly string[] =>
  problemIf(text !== undefined && isLiteral(text) && parseBindAddress(text) === undefined, `${place}: expected host:port, [v6]:port or :port`)

const checkPath = (place: string, path: string | undefined): readonly string[] => {
  if (path === undefined || !isLiteral(path)) return []
  const isLong = new TextEncoder().encode(path).length > SOCKET_PATH_MAX_BYTES
  return [...problemIf(path === '', `${place}: expected a path`), ...problemIf(isLong, `${place}: a socket's path has at most ${SOCKET_PATH_MAX_BYTES} bytes`)]
}

const checkOptions = (place: string, { tcp, udp, mode, umask, replace, reusePort, interface: device }: SocketDeclaration): readonly string[] => {
  const isNetwork = tcp !== undefined || udp !== undefined
  const ofPaths = Object.entries({ mode, umask, replace: replace ? true : undefined })
  const ofNetwork = Object.entries({ reusePort: reusePort ? true : undefined, interface: device })
  const foreign = (isNetwork ? ofPaths : ofNetwork).filter(([, value]) => value !== undefined)
  return foreign.map(([key]) => `${place}.${key}: it belongs to ${isNetwork ? '"unix" and "unixgram"' : '"tcp" and "udp"'}`)
}
