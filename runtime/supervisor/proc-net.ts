// Who listens, from the tables /proc/net/{tcp,tcp6,unix}. Pure. An address is its bytes in hexadecimal digits: 8 for
// version 4, 32 for version 6; version 4 inside version 6 is version 4.

import { isIPv4, isIPv6 } from 'node:net'

export type TcpListener = { readonly address: string; readonly inode: string }

const ANY_4 = '0'.repeat(8)
const ANY_6 = '0'.repeat(32)
const MAPPED_4 = `${'0'.repeat(20)}ffff`
const LISTENING = '0A'

/** From either of the two tables; a large one is cut down by the port before anything else is looked at. */
export const parseTcpListeners = (table: string, port: number): readonly TcpListener[] => {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return table.split('\n').flatMap((line) => {
    if (!line.includes(suffix)) return []
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/)
    if (state !== LISTENING || !local.endsWith(suffix) || inode === undefined) return []
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
export const selectListeners = (listeners: readonly TcpListener[], address: string): readonly TcpListener[] => {
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

/** Inodes of the sockets that listen at the path; a socket whose path was removed meanwhile is still in the table. */
export const parseUnixListeners = (table: string, path: string): readonly string[] =>
  table.split('\n').flatMap((line) => {
    const [, flags = '0', inode, name] = /^\S+: \S+ \S+ (\S+) \S+ \S+ +(\d+) (.*)$/.exec(line) ?? []
    const isListening = (Number.parseInt(flags, 16) & ACCEPTING) !== 0
    return isListening && name === path && inode !== undefined ? [inode] : []
  })

/** SO_ACCEPTCON of linux/net.h */
const ACCEPTING = 0x10000
