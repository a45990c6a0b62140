// What placeholders in a manifest refer to: whether it exists, and whether it means something at that place.

import { parseBindAddress } from './address.ts'
import type { Manifest, SocketDeclaration } from './manifest-schema.ts'
import { renderSuggestion } from './nearest-name.ts'
import { DIRECTORY_NAMES, parseTemplate, PROCESS_FACTS } from './placeholder.ts'
import type { Reference } from './placeholder.ts'

/** Where a text stands. */
export type Scope = {
  readonly manifest: Manifest
  readonly owner: 'file' | 'socket' | 'task' | 'process' | 'bundle'
  /** Those that the owner is passed. */
  readonly sockets: readonly string[]
}

export const checkTemplate = (scope: Scope, place: string, text: string): readonly string[] =>
  parseTemplate(text).flatMap((part) => {
    if (part.kind === 'text') return []
    const problem = part.kind === 'malformed' ? 'malformed placeholder' : checkReference(scope, part.reference)
    return problem === undefined ? [] : [`${place}: ${problem} in "${part.source}"`]
  })

/** For texts that others can see: command lines (/proc/PID/cmdline), paths, addresses. */
export const checkPublicText = (scope: Scope, place: string, text: string): readonly string[] => [
  ...checkTemplate(scope, place, text),
  ...findSecrets(scope.manifest, text).map((name) => `${place}: the secret "${name}" would be visible in the process list, or in paths and messages`),
]

export const checkPublicTexts = (scope: Scope, place: string, texts: readonly string[] | undefined): readonly string[] =>
  (texts ?? []).flatMap((text, index) => checkPublicText(scope, `${place}.${index}`, text))

/** Of a record of declarations, those that are texts. */
export const checkPublicKeys = (scope: Scope, place: string, values: Readonly<Record<string, string | undefined>>): readonly string[] =>
  Object.entries(values).flatMap(([key, text]) => (text === undefined ? [] : checkPublicText(scope, `${place}.${key}`, text)))

const findSecrets = ({ env }: Manifest, text: string): readonly string[] =>
  parseTemplate(text).flatMap((part) => {
    if (part.kind !== 'reference' || part.reference.subject !== 'env') return []
    return env[part.reference.name]?.type === 'secret' ? [part.reference.name] : []
  })

const checkReference = (scope: Scope, reference: Reference): string | undefined => {
  const { subject, name } = reference
  const known = listKnown(scope, subject)
  if (!known.includes(name)) return hasMoreSockets(scope, subject) ? undefined : `unknown ${SUBJECT_WORDS[subject]} "${name}"${renderSuggestion(name, known)}`
  if (reference.filter === 'offset') return checkOffset(scope, reference)
  if (subject === 'env') return checkVariableField(scope, reference)
  if (subject === 'process') return hasInstances(scope) ? undefined : 'no single process is meant here, so nothing is known about it'
  return subject === 'socket' ? checkSocketField(scope, reference) : undefined
}

const listKnown = ({ manifest }: Scope, subject: Reference['subject']): readonly string[] => {
  if (subject === 'env') return Object.keys(manifest.env)
  if (subject === 'file') return Object.keys(manifest.files)
  if (subject === 'socket') return Object.keys(manifest.sockets)
  return subject === 'dir' ? DIRECTORY_NAMES : PROCESS_FACTS
}

const SUBJECT_WORDS = { env: 'variable', file: 'file', dir: 'directory', process: 'fact about a process', socket: 'socket' } as const

const hasMoreSockets = ({ manifest }: Scope, subject: Reference['subject']): boolean => subject === 'socket' && manifest.circusIni !== undefined

const hasInstances = ({ owner }: Scope): boolean => owner === 'process' || owner === 'task'

const checkVariableField = ({ manifest }: Scope, { name, field }: Reference): string | undefined => {
  const type = manifest.env[name]?.type ?? 'string'
  return field === undefined || type === 'address' || type === 'url' ? undefined : `".${field}" of a variable that is neither an address nor a URL`
}

const checkOffset = (scope: Scope, reference: Reference): string | undefined => {
  const { subject, name, field } = reference
  const type = subject === 'env' ? (scope.manifest.env[name]?.type ?? 'string') : 'string'
  const isNumber = field === undefined ? type === 'port' || type === 'integer' : field === 'port' && (type === 'address' || type === 'url')
  if (!isNumber) return '"offset" of something that is neither a port nor a whole number'
  return hasInstances(scope) ? undefined : '"offset" where no single process is meant'
}

const checkSocketField = (scope: Scope, { name, field }: Reference): string | undefined => {
  if (scope.owner === 'socket') return 'a socket cannot refer to sockets'
  const socket = scope.manifest.sockets[name]
  if (socket === undefined) return undefined
  if (field === 'fd') return scope.sockets.includes(name) ? undefined : `".fd" of a socket that is not passed to it: name "${name}" in its "sockets"`
  if ((field === 'path') !== isPathSocket(socket)) return `".${field}" of a socket that has none`
  const isTooEarly = scope.owner === 'file' && field === 'port' && isPortChosenLate(socket)
  return isTooEarly ? 'files are written before the kernel has chosen a port' : undefined
}

const isPathSocket = ({ unix, unixgram }: SocketDeclaration): boolean => unix !== undefined || unixgram !== undefined

const isPortChosenLate = ({ tcp, udp }: SocketDeclaration): boolean => parseBindAddress(tcp ?? udp ?? '')?.port === 0
