// The types an environment variable can have: text -> canonical value, or what was expected instead.
// Pure: whether a directory exists is the business of the config area.

import { parseAddress, parsePort } from './address.ts'
import type { VariableDeclaration } from './manifest-schema.ts'
import { parseDurationMs, parseSizeBytes } from './quantity.ts'

/** Instead of a port: one that is free on the target, and remembered. */
export const AUTOMATIC_PORT = 'auto'

export type VariableValue = {
  /** Canonical: always the same as String(json). */
  readonly text: string
  /** Typed, for structured files. */
  readonly json: string | number | boolean
  readonly host?: string
  readonly port?: number
}

export type ParsedVariable = { readonly ok: true; readonly value: VariableValue } | { readonly ok: false; readonly expected: string }

export const parseVariableValue = (declaration: VariableDeclaration, text: string): ParsedVariable => {
  const range = renderRange(declaration)
  if (text.includes('\0')) return { ok: false, expected: 'text without NUL bytes' }
  const value = PARSERS[declaration.type](text, declaration)
  if (value === undefined) return { ok: false, expected: `${EXPECTED[declaration.type](declaration)}${range}` }
  if (!isInRange(declaration, text)) return { ok: false, expected: `${EXPECTED[declaration.type](declaration)}${range}` }
  return { ok: true, value }
}

/** The number behind a value or a limit, in the unit in which they are compared. */
export const parseMagnitude = (type: VariableDeclaration['type'], text: string): number | undefined => {
  if (type === 'duration') return parseDurationMs(text)
  if (type === 'bytes') return parseSizeBytes(text)
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text) ? Number(text) : undefined
}

type Parser = (text: string, declaration: VariableDeclaration) => VariableValue | undefined

const parseString: Parser = (text) => ({ text, json: text })

const parseNumber: Parser = (text) => {
  const number = parseMagnitude('number', text)
  return number === undefined || !Number.isFinite(number) ? undefined : { text: String(number), json: number }
}

const PARSERS: Record<VariableDeclaration['type'], Parser> = {
  string: parseString,
  secret: parseString,
  path: parseString,
  directory: parseString,
  integer: (text) => {
    const number = /^[-+]?\d+$/.test(text) ? Number(text) : Number.NaN
    return Number.isSafeInteger(number) ? { text: String(number), json: number } : undefined
  },
  number: parseNumber,
  boolean: (text) => {
    const word = text.toLowerCase()
    if (['true', 'yes', 'on', '1'].includes(word)) return { text: 'true', json: true }
    return ['false', 'no', 'off', '0'].includes(word) ? { text: 'false', json: false } : undefined
  },
  port: (text) => {
    if (text === AUTOMATIC_PORT) return { text, json: text }
    const port = parsePort(text)
    return port === undefined ? undefined : { text: String(port), json: port, port }
  },
  address: (text) => {
    const address = parseAddress(text)
    return address === undefined ? undefined : { text, json: text, ...address }
  },
  url: (text) => {
    if (/\s/.test(text) || !URL.canParse(text)) return undefined
    const { hostname, port, protocol } = new URL(text)
    const known = parsePort(port) ?? DEFAULT_PORTS.get(protocol)
    const host = hostname.replace(/^\[(.*)\]$/, '$1')
    return { text, json: text, host, ...(known === undefined ? {} : { port: known }) }
  },
  duration: (text) => (parseDurationMs(text) === undefined ? undefined : { text, json: text }),
  bytes: (text) => (parseSizeBytes(text) === undefined ? undefined : { text, json: text }),
  enum: (text, { values = [] }) => (values.includes(text) ? { text, json: text } : undefined),
}

const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ['http:', 80],
  ['https:', 443],
  ['redis:', 6379],
  ['rediss:', 6379],
  ['postgres:', 5432],
  ['postgresql:', 5432],
])

const EXPECTED: Record<VariableDeclaration['type'], (declaration: VariableDeclaration) => string> = {
  string: () => 'text',
  secret: () => 'a secret',
  path: () => 'a path',
  directory: () => 'a directory',
  integer: () => 'a whole number',
  number: () => 'a number',
  boolean: () => 'true or false (also yes/no, on/off, 1/0)',
  port: () => 'a port from 1 to 65535, or auto',
  address: () => 'an address such as localhost:8000, [::1]:8000 or :8000',
  url: () => 'a URL such as http://localhost:8000/',
  duration: () => 'a duration such as 10s, 5m or 1h30m',
  bytes: () => 'a size such as 512kB or 64MiB',
  enum: ({ values = [] }) => `one of ${values.map((value) => JSON.stringify(value)).join(', ')}`,
}

const isInRange = ({ type, min, max }: VariableDeclaration, text: string): boolean => {
  const magnitude = parseMagnitude(type, text)
  if (magnitude === undefined) return true
  const low = min === undefined ? undefined : parseMagnitude(type, String(min))
  const high = max === undefined ? undefined : parseMagnitude(type, String(max))
  return (low === undefined || magnitude >= low) && (high === undefined || magnitude <= high)
}

const renderRange = ({ min, max }: VariableDeclaration): string => {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`
  if (min !== undefined) return ` not below ${min}`
  return max === undefined ? '' : ` not above ${max}`
}
