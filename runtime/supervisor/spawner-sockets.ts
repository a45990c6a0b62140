// Declared sockets: what is listened on, where exactly, and who holds the address when it cannot be had.

import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { constants } from 'node:os'
import { renderAddress } from '../contract/address.ts'
import { NixpackError } from '../contract/errors.ts'
import type { SocketAddress, SocketSpec } from '../contract/process-spec.ts'
import { findOwner, readTcpListeners, readUdpListeners, readUnixListeners } from './port-owner.ts'
import type { Listeners } from './port-owner.ts'
import { findField, findNumber } from './spawner-frame.ts'
import type { SpawnerMessage } from './spawner-frame.ts'
import { planListenFields } from './spawner-request.ts'

/** Resolves with the spawner's answer. */
export type Ask = (message: SpawnerMessage) => Promise<SpawnerMessage>

export const listenOn = async (spec: SocketSpec, ask: Ask): Promise<SocketAddress> => {
  const { address } = spec
  if ('path' in address) {
    await askOnce(spec, undefined, ask)
    return { path: address.path }
  }
  const [first = '', ...others] = await resolveHosts(spec.name, address.host)
  let host = first
  let answer = await askFor(spec, host, ask)
  for (const next of others) {
    if (!isForeignAddress(answer)) break
    host = next
    answer = await askFor(spec, host, ask)
  }
  if (answer.verb === 'refused') throw renderRefusal(spec, host, answer)
  return { host, port: findNumber(answer, 'port') }
}

const askFor = (spec: SocketSpec, host: string | undefined, ask: Ask): Promise<SpawnerMessage> =>
  ask({ verb: 'listen', id: spec.name, fields: planListenFields(spec, host) })

const askOnce = async (spec: SocketSpec, host: string | undefined, ask: Ask): Promise<void> => {
  const answer = await askFor(spec, host, ask)
  if (answer.verb === 'refused') throw renderRefusal(spec, host, answer)
}

/** A host without IPv6, or a name that stands for an address of another host as well. */
const isForeignAddress = (answer: SpawnerMessage): boolean =>
  answer.verb === 'refused' && [constants.errno.EADDRNOTAVAIL, constants.errno.EAFNOSUPPORT].includes(findNumber(answer, 'errno'))

const resolveHosts = async (name: string, host: string): Promise<readonly string[]> => {
  if (host === '' || host === '*') return ['::', '0.0.0.0']
  if (isIP(host) !== 0) return [host]
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address)
  } catch (error) {
    throw new NixpackError('SOCKET_UNAVAILABLE', `cannot resolve the host "${host}" of socket "${name}": ${codeOf(error)}`, { cause: error })
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : String(error))

const renderRefusal = ({ name, address }: SocketSpec, host: string | undefined, answer: SpawnerMessage): NixpackError => {
  const errno = findNumber(answer, 'errno')
  const where = 'path' in address ? address.path : renderAddress({ host: host ?? address.host, port: address.port })
  const message = `cannot listen on "${where}" for socket "${name}": ${findField(answer, 'text')}`
  if (errno !== constants.errno.EADDRINUSE) return new NixpackError('SOCKET_UNAVAILABLE', message, renderHint(errno))
  const owner = findOwner(readListeners(address, host))
  if ('path' in address) {
    const hint = owner === undefined ? 'remove it, or declare the socket with replace' : `it belongs to process ${owner.pid} (${owner.program})`
    return new NixpackError('SOCKET_UNAVAILABLE', message, { hint })
  }
  const holder = owner === undefined ? 'in use, and it cannot be seen from here by whom' : `in use by process ${owner.pid} (${owner.program})`
  const ask = owner === undefined ? `find it as root with "ss ${address.kind === 'udp' ? '-uanp' : '-tanp'}", ` : ''
  return new NixpackError('PORT_IN_USE', `cannot listen on "${where}" for socket "${name}": ${holder}`, {
    hint: `${ask}end that process, or choose another port`,
  })
}

const readListeners = (address: SocketSpec['address'], host: string | undefined): Listeners => {
  if ('path' in address) return readUnixListeners(address.path)
  return (address.kind === 'udp' ? readUdpListeners : readTcpListeners)(host ?? address.host, address.port)
}

const renderHint = (errno: number): { readonly hint?: string } => {
  const hint = HINTS.get(errno)
  return hint === undefined ? {} : { hint }
}

const HINTS: ReadonlyMap<number, string> = new Map([
  [constants.errno.EACCES, 'ports below 1024 are for root, or choose a path that you may write to'],
  [constants.errno.EPERM, 'only root may bind to an interface'],
  [constants.errno.ENODEV, 'name an interface that "ip link" lists'],
  [constants.errno.ENAMETOOLONG, 'choose a path of at most 107 bytes'],
  [constants.errno.EADDRNOTAVAIL, 'choose an address of this host'],
  [constants.errno.EEXIST, 'choose another path, or remove what is there'],
  [constants.errno.ENOENT, 'make the directory first'],
])
