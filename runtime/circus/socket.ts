// [socket:NAME] -> a declared socket.

import type { ManifestInput } from '../contract/manifest-schema.ts'
import { SOCKET_OPTIONS } from './options.ts'
import { checkKeys } from './section.ts'
import type { Section } from './section.ts'

export type SocketInput = NonNullable<ManifestInput['sockets']>[string]

export const planSocket = (section: Section): SocketInput => {
  checkKeys(section, SOCKET_OPTIONS)
  const backlog = section.integer('backlog')
  const reusePort = section.boolean('so_reuseport')
  const replace = section.boolean('replace')
  const device = section.text('interface')
  return {
    ...planAddress(section),
    ...(backlog === undefined ? {} : { backlog }),
    ...(reusePort === undefined ? {} : { reusePort }),
    ...(replace === undefined ? {} : { replace }),
    ...(device === undefined ? {} : { interface: device.trim() }),
  }
}

const planAddress = (section: Section): SocketInput => {
  const isDatagram = readType(section) === 'SOCK_DGRAM'
  const path = section.text('path')
  const family = (section.text('family') ?? 'AF_INET').toUpperCase()
  if (!FAMILIES.has(family)) section.problem('family', `"family": expected ${[...FAMILIES].join(', ')}, got "${family}"`)
  const idle = path === undefined ? ['umask'] : ['host', 'port']
  for (const key of idle.filter((one) => section.keys.includes(one)))
    section.warn(key, `"${key}" has no effect: [${section.name}] has ${path === undefined ? 'no' : 'a'} path`)
  if (path !== undefined) return { [isDatagram ? 'unixgram' : 'unix']: path, ...planUmask(section) }
  if (family === 'AF_UNIX') section.problem(undefined, `[${section.name}] has no path`)
  const address = readAddress(section, family)
  return isDatagram ? { udp: address } : { tcp: address }
}

const readAddress = (section: Section, family: string): string => {
  const port = section.integer('port') ?? 8080
  if (port < 0 || port > 65_535) section.problem('port', `"port": expected a number up to 65535, got ${port}`)
  return `${renderHost(section.text('host') ?? 'localhost', family)}:${port}`
}

const FAMILIES: ReadonlySet<string> = new Set(['AF_INET', 'AF_INET6', 'AF_UNIX'])

const renderHost = (host: string, family: string): string => {
  if (family === 'AF_INET6' && host === 'localhost') return '[::1]'
  return host.includes(':') ? `[${host.replaceAll(/[[\]]/g, '')}]` : host
}

/** Of raw, reliably delivered and sequenced packets nobody could make a stream in silence. */
const readType = (section: Section): string => {
  const type = (section.text('type') ?? 'SOCK_STREAM').toUpperCase()
  if (type !== 'SOCK_STREAM' && type !== 'SOCK_DGRAM') section.problem('type', `"type": expected SOCK_STREAM or SOCK_DGRAM, got "${type}"`)
  return type
}

const planUmask = (section: Section): Pick<SocketInput, 'umask'> => {
  const umask = readOctal(section, 'umask')
  return umask === undefined ? {} : { umask }
}

export const readOctal = (section: Section, key: string): string | undefined => {
  const text = section.text(key)?.replace(/^0o/i, '')
  if (text === undefined || text === '') return undefined
  if (/^[0-7]{1,4}$/.test(text) && Number.parseInt(text, 8) <= 0o777) return Number.parseInt(text, 8).toString(8).padStart(3, '0')
  section.problem(key, `"${key}": expected octal digits such as 022, got ${JSON.stringify(text)}`)
  return undefined
}
