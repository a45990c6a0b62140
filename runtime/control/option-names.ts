// Options of `set` -> keys of a declaration, by the manifest's names or by circus'. Tells which of them a process
// only takes up with a new run. Pure.

import type { DeclarationPart } from '../contract/control-supervisor.ts'
import { NixpackError } from '../contract/errors.ts'
import { LIVE_KEYS } from '../contract/live-keys.ts'
import { knownKeysAt } from '../contract/manifest-keys.ts'
import { renderSuggestion } from '../contract/nearest-name.ts'
import { findSignal } from './signal-word.ts'

export type OptionChange = {
  readonly declaration: Readonly<Record<string, unknown>>
  /** Parts of what is declared: the rest of it stays. */
  readonly parts: readonly DeclarationPart[]
  /** Set live, by starting and stopping instances. */
  readonly numprocesses: number | undefined
  readonly restarts: boolean
}

/** Keys may have dots: `environment.HOME`. Throws CONTROL_REFUSED for an unknown name. */
export const planOptionChange = (wanted: Readonly<Record<string, unknown>>): OptionChange => {
  const entries = Object.entries(wanted).map(([option, value]) => resolveOption(option, value))
  const declared = entries.filter(({ key }) => key !== 'numprocesses')
  const parts = declared.filter(({ key, path }) => path.length > 0 && !MERGED_KEYS.has(key))
  const count = entries.findLast(({ key }) => key === 'numprocesses')
  return {
    declaration: declared.filter((entry) => !parts.includes(entry)).reduce(setPart, {}),
    parts,
    numprocesses: count === undefined ? undefined : parseCount(count.value),
    restarts: declared.some(({ key }) => !LIVE.has(key)),
  }
}

/** Where the value of an option stands in a declaration, for `get`. */
export const resolveOptionPath = (option: string): readonly [string, ...(readonly string[])] => {
  const rlimit = /^rlimit_(\w+)$/.exec(option)
  if (rlimit !== null) return ['rlimits', rlimit[1] ?? '']
  const [head = '', ...parts] = option.split('.')
  const key = CIRCUS_NAMES.get(head.toLowerCase()) ?? camelCase(head)
  if (NAMING_KEYS.has(key)) return parts.length === 0 ? [key] : [key, parts.join('.')]
  return [key, ...parts.map((part) => (STREAM_KEYS.has(key) && part === 'filename' ? 'file' : camelCase(part)))]
}

/** What they hold has names of the user's own, also with dots. */
const NAMING_KEYS: ReadonlySet<string> = new Set(['environment', 'dependsOn'])
const STREAM_KEYS: ReadonlySet<string> = new Set(['stdout', 'stderr'])

/** No key of a manifest lies deeper. */
const DEPTH_MAX = 8

const resolveOption = (option: string, value: unknown): DeclarationPart => {
  if (option.split('.', DEPTH_MAX + 1).length > DEPTH_MAX) throw new NixpackError('CONTROL_REFUSED', `cannot set an option of more than ${DEPTH_MAX} parts`)
  const [key, ...path] = resolveOptionPath(option)
  if (!KNOWN_KEYS.includes(key)) {
    const suggestion = renderSuggestion(option, [...KNOWN_KEYS, ...CIRCUS_NAMES.keys()])
    throw new NixpackError('CONTROL_REFUSED', `cannot set "${option}": no such option${suggestion}`)
  }
  return { key, path, value: convert(key, option, value) }
}

const camelCase = (name: string): string => name.replaceAll(/[-_]([a-z])/g, (_all, letter: string) => letter.toUpperCase())

/** circus writes seconds as numbers, booleans and numbers as text. */
const convert = (key: string, option: string, value: unknown): unknown => {
  const special = SPECIAL_OPTIONS.get(option.toLowerCase())
  if (special !== undefined) return special(value)
  if (option.startsWith('rlimit_')) return value === '' ? 'unlimited' : parseNumeric(value)
  if (DURATION_KEYS.has(key)) return /^\d+(?:\.\d+)?$/.test(String(value)) ? `${String(value)}s` : value
  if (BOOLEAN_KEYS.has(key)) return parseBoolean(value)
  return COUNT_KEYS.has(key) ? parseNumeric(value) : value
}

const SPECIAL_OPTIONS: ReadonlyMap<string, (value: unknown) => unknown> = new Map<string, (value: unknown) => unknown>([
  ['send_hup', (value) => (isTrue(value) ? { signal: 'SIGHUP' } : 'graceful')],
  ['respawn', (value) => (isTrue(value) ? 'always' : 'never')],
  ['env', (value) => (typeof value === 'string' ? parsePairs(value) : value)],
  ['environment', (value) => (typeof value === 'string' ? parsePairs(value) : value)],
  ['stop_signal', (value) => completeSignal(value)],
  ['stopsignal', (value) => completeSignal(value)],
])

const completeSignal = (value: unknown): unknown => findSignal(String(value)) ?? value

const isTrue = (value: unknown): boolean => ['true', 'yes', 'on', '1'].includes(String(value).toLowerCase())
const parseBoolean = (value: unknown): unknown => (['false', 'no', 'off', '0'].includes(String(value).toLowerCase()) ? false : isTrue(value) || value)
const parseNumeric = (value: unknown): unknown => (typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value)

/** NAME=VALUE,NAME=VALUE */
const parsePairs = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(text.split(',').map((pair) => [pair.slice(0, pair.indexOf('=')).trim(), pair.slice(pair.indexOf('=') + 1)]))

const parseCount = (value: unknown): number => {
  const count = Number(value)
  if (Number.isInteger(count) && count >= 0 && count <= 1000) return count
  throw new NixpackError('CONTROL_REFUSED', `cannot set "numprocesses": expected a number from 0 to 1000, got ${JSON.stringify(value)}`)
}

export const setPart = (declaration: Readonly<Record<string, unknown>>, { key, path, value }: DeclarationPart): Readonly<Record<string, unknown>> => {
  const [first, ...rest] = path
  if (first === undefined) return { ...declaration, [key]: value }
  const before = declaration[key]
  const inner = typeof before === 'object' && before !== null ? Object.fromEntries(Object.entries(before)) : {}
  return { ...declaration, [key]: setPart(inner, { key: first, path: rest, value }) }
}

/** Whoever gives some of their entries leaves the others alone anyway. */
const MERGED_KEYS: ReadonlySet<string> = new Set(['environment', 'rlimits', 'hooks', 'stdout', 'stderr'])

/** `args`: what follows the program, as circus has it. */
const KNOWN_KEYS = [...knownKeysAt(['processes', '']), 'args']

const CIRCUS_NAMES: ReadonlyMap<string, string> = new Map([
  ['cmd', 'command'],
  ['executable', 'program'],
  ['working_dir', 'workingDirectory'],
  ['uid', 'user'],
  ['gid', 'group'],
  ['env', 'environment'],
  ['use_sockets', 'sockets'],
  ['stdin_socket', 'stdin'],
  ['stdout_stream', 'stdout'],
  ['stderr_stream', 'stderr'],
  ['respawn', 'restart'],
  ['send_hup', 'reload'],
])

const DURATION_KEYS: ReadonlySet<string> = new Set([
  'warmupDelay',
  'gracefulTimeout',
  'maxAge',
  'maxAgeVariance',
  'restartDelay',
  'restartDelayMax',
  'restartWindow',
])
const BOOLEAN_KEYS: ReadonlySet<string> = new Set(['copyEnv', 'singleton', 'autostart', 'oneshot', 'onDemand', 'stopChildren', 'essential'])
const COUNT_KEYS: ReadonlySet<string> = new Set(['numprocesses', 'priority', 'restartBurst', 'maxRetry', 'nice', 'oomScoreAdj', 'user', 'group'])

/** Hooks, limits and times of the next run; everything else needs a new run to be true. */
const LIVE: ReadonlySet<string> = new Set([...LIVE_KEYS, 'hooks', 'resources', 'schedule'])
