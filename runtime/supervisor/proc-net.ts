// Who listens, from the tables /proc/net/{tcp,tcp6,unix}. Pure. An address is its bytes in hexadecimal digits: 8 for
// version 4, 32 for version 6; version 4 inside version 6 is version 4.

import { isIPv4, isIPv6 } from 'node:net'

export type Listener = { readonly address: string; readonly inode: string }

const ANY_4 = '0'.repeat(8)
const ANY_6 = '0'.repeat(32)
const MAPPED_4 = `${'0'.repeat(20)}ffff`
/** TCP_LISTEN; for a socket of UDP TCP_CLOSE, when it is not bound to a single peer. */
const LISTENING = { tcp: '0A', udp: '07' }

/** From a table of either version; a large one is cut down by the port before anything else is looked at. */
export const parseListeners = (table: string, port: number, protocol: 'tcp' | 'udp' = 'tcp'): readonly Listener[] => {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return table.split('\n').flatMap((line) => {
    if (!line.includes(suffix)) return []
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/)
    if (state !== LISTENING[protocol] || !local.endsWith(suffix) || inode === undefined) return []
    return [{ address: parseKernelAddress(local.slice(0, -suffix.length)), inode }]
  })
}

/** The listeners stand before all other sockets: what follows the first of these is of no interest. */
export const hasOtherSockets = (table: string): boolean => /^ *\d+: \S+ \S+ (?!0A)/m.test(table)

/** Words of four bytes, each in the byte order of the processor: little-endian on all that we run on. */
const parseKernelAddress = (text: string): string => {
  const bytes = text.toLowerCase().match(/[0-9a-f]{8}/g) ?? []
  return unmap(bytes.map((word) => word.replace(/(..)(..)(..)(..)/, '$4$3$2$1')).join(''))
}

const unmap = (address: string): string => (address.startsWith(MAPPED_4) ? address.slice(MAPPED_4.length) : address)

/** Undefined for a name. */
export const parseAddress = (text: string): string | undefined => {
  const bare = text.replace(/^\[|\]$/g, '').replace(/%.*$/, '')
  if (isIPv4(bare)) return renderBytes4(bare)
  return isIPv6(bare) ? unmap(expandAddress6(bare)) : undefined
}

const renderBytes4 = (text: string): string =>
  text
    .split('.')
    .map((byte) => Number(byte).toString(16).padStart(2, '0'))
    .join('')

const expandAddress6 = (text: string): string => {
  const [head = '', tail] = text
    .toLowerCase()
    .replace(/[\d.]+$/, (end) => (end.includes('.') ? renderBytes4(end).replace(/(....)(....)/, '$1:$2') : end))
    .split('::')
  const left = renderGroups(head)
  const right = renderGroups(tail ?? '')
  return left + '0'.repeat(32 - left.length - right.length) + right
}

const renderGroups = (text: string): string =>
  text === ''
    ? ''
    : text
        .split(':')
        .map((group) => group.padStart(4, '0'))
        .join('')

/** The listeners that get a connection to the address: the most specific ones. */
export const selectListeners = (listeners: readonly Listener[], address: string): readonly Listener[] => {
  const candidates = address.length === ANY_4.length ? [address, ANY_4, ANY_6] : [address, ANY_6]
  for (const candidate of candidates) {
    const found = listeners.filter((listener) => listener.address === candidate)
    if (found.length > 0) return found
  }
  return []
}

/** "Any address" as a destination means this host. */
export const isAnyAddress = (address: string): boolean => address === ANY_4 || address === ANY_6

export const isLoopbackAddress = (address: string): boolean => (address.length === ANY_4.length ? address.startsWith('7f') : address === `${'0'.repeat(31)}1`)

/** Inodes of the sockets that take connections or datagrams at the path, also when it was removed meanwhile. */
export const parseUnixListeners = (table: string, path: string): readonly string[] =>
  table.split('\n').flatMap((line) => {
    const [, flags = '0', type, inode, name] = /^\S+: \S+ \S+ (\S+) (\S+) \S+ +(\d+) (.*)$/.exec(line) ?? []
    const isListening = (Number.parseInt(flags, 16) & ACCEPTING) !== 0 || type === DATAGRAM
    return isListening && name === path && inode !== undefined ? [inode] : []
  })

/** SO_ACCEPTCON of linux/net.h */
const ACCEPTING = 0x10000
/** SOCK_DGRAM; only the one that is bound there has the path. */
const DATAGRAM = '0002'
