// Placeholders -> values. The manifest check has made sure that every reference means something.

import type { Directories, RunPaths } from '../contract/directories.ts'
import { LASTING_DIRECTORY_NAMES } from '../contract/directories.ts'
import { NixpackError } from '../contract/errors.ts'
import { parseTemplate } from '../contract/placeholder.ts'
import type { Reference, TemplatePart } from '../contract/placeholder.ts'
import type { SocketAddress } from '../contract/process-spec.ts'
import { FILTER_FUNCTIONS } from './quote.ts'
import type { Variable } from './variables.ts'

export type Substitution = {
  readonly variables: ReadonlyMap<string, Variable>
  readonly paths: RunPaths
  readonly directories: Directories
  /** Of declared sockets; absent where none can be meant. */
  readonly socketAddresses?: ReadonlyMap<string, SocketAddress>
  /** For which instance this is; absent where it cannot matter. */
  readonly processInstance?: SubstitutedInstance
}

export type SubstitutedInstance = {
  readonly name: string
  readonly index: number
  /** As they are passed, from descriptor 3 on. */
  readonly sockets: readonly string[]
}

type Scalar = string | number | boolean
type Resolver = (reference: Reference, context: Substitution) => Scalar

/** For argv, environment and paths: these take any value. */
export const substitute = (template: string, context: Substitution): string =>
  parseTemplate(template)
    .map((part) => (part.kind === 'reference' ? renderReference(part.reference, context) : partText(part)))
    .join('')

/** For structured files: a string that is nothing but one placeholder becomes the typed value. */
export const substituteValue = (value: unknown, context: Substitution): unknown => {
  if (typeof value === 'string') return substituteScalar(value, context)
  if (Array.isArray(value)) return value.map((item) => substituteValue(item, context))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, item]) => [substitute(key, context), substituteValue(item, context)])
  return Object.fromEntries(entries)
}

export const renderReference = (reference: Reference, context: Substitution): string => {
  const value = resolveReference(reference, context)
  if (reference.filter === undefined) return String(value)
  return reference.filter === 'offset' ? String(addOffset(reference, value, context)) : FILTER_FUNCTIONS[reference.filter](value)
}

export const partText = (part: TemplatePart): string => (part.kind === 'text' ? part.text : part.source)

const substituteScalar = (template: string, context: Substitution): Scalar => {
  const [part, ...rest] = parseTemplate(template)
  if (part?.kind !== 'reference' || rest.length > 0 || part.reference.filter !== undefined) return substitute(template, context)
  return resolveReference(part.reference, context)
}

const resolveReference = (reference: Reference, context: Substitution): Scalar => RESOLVERS[reference.subject](reference, context)

/** dir.NAME */
export const resolveDirectoryPath = (name: string, { paths, directories }: Pick<Substitution, 'paths' | 'directories'>): string => {
  if (name === 'tmp') return paths.tmpDir
  const lasting = LASTING_DIRECTORY_NAMES.find((known) => known === name)
  return lasting === undefined ? paths.filesDir : directories[lasting]
}

const resolveInstance: Resolver = ({ name }, { processInstance }) => {
  if (processInstance === undefined) throw new Error(`unreachable: process.${name} outside of a process`)
  return name === 'index' ? processInstance.index : processInstance.name
}

const resolveSocket: Resolver = ({ name, field }, { socketAddresses, processInstance }) => {
  if (field === 'fd') return FIRST_SOCKET_FD + (processInstance?.sockets.indexOf(name) ?? 0)
  const address = socketAddresses?.get(name)
  if (address === undefined) throw new Error(`unreachable: no socket "${name}"`)
  if ('path' in address) return address.path
  return field === 'port' ? address.port : address.host
}

/** SD_LISTEN_FDS_START of sd_listen_fds(3). */
const FIRST_SOCKET_FD = 3

const resolveVariable: Resolver = ({ name, field }, { variables }) => {
  const variable = variables.get(name)
  if (variable === undefined) throw new Error(`unreachable: no variable "${name}"`)
  return field === 'host' || field === 'port' ? (variable[field] ?? '') : variable.json
}

const RESOLVERS: Readonly<Record<Reference['subject'], Resolver>> = {
  env: resolveVariable,
  file: ({ name }, { paths }) => `${paths.filesDir}/${name}`,
  dir: ({ name }, context) => resolveDirectoryPath(name, context),
  process: resolveInstance,
  socket: resolveSocket,
}

/** A variable that is not set stays empty. */
const addOffset = ({ name, field }: Reference, value: Scalar, { variables, processInstance }: Substitution): Scalar => {
  if (typeof value !== 'number' || processInstance === undefined) return value
  const sum = value + processInstance.index - 1
  const isPort = field === 'port' || variables.get(name)?.declaration.type === 'port'
  if (!isPort || sum <= PORT_MAX) return sum
  const purpose = `port ${value} of ${name} for instance ${processInstance.index} of "${processInstance.name}"`
  throw new NixpackError('ENV_INVALID', `cannot use ${purpose}: it would be ${sum}, and ${PORT_MAX} is the last`, { hint: `set ${name} to a lower port` })
}

const PORT_MAX = 65_535
