// The placeholder language of manifests: @{nixpack:env.NAME.host|quote}. Splits a text into literal parts and
// references; whether a reference means something is checked against the manifest, once, before anything runs.

/** `offset`: a number plus the index of the instance minus one, for the ports of several instances. */
export const FILTERS = ['quote', 'json', 'shell', 'offset'] as const
export type Filter = (typeof FILTERS)[number]

export const DIRECTORY_NAMES = ['run', 'tmp', 'state', 'log', 'cache', 'spool', 'lock', 'lib'] as const

export const PROCESS_FACTS = ['index', 'name'] as const
export const SOCKET_FIELDS = ['fd', 'host', 'port', 'path'] as const

export type Reference = {
  readonly subject: 'env' | 'file' | 'dir' | 'process' | 'socket'
  readonly name: string
  /** Half of an address or URL; what is asked about a socket. */
  readonly field?: (typeof SOCKET_FIELDS)[number]
  readonly filter?: Filter
}

export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'reference'; readonly source: string; readonly reference: Reference }
  | { readonly kind: 'malformed'; readonly source: string }

const START = '@{nixpack:'
const PLACEHOLDER = /@\{nixpack:([^{}]*)(\}|$|(?=\{))/g

export const parseTemplate = (text: string): readonly TemplatePart[] => {
  // Most texts have none, and every text of a manifest is asked several times.
  if (!text.includes(START)) return text === '' ? [] : [{ kind: 'text', text }]
  const parts: TemplatePart[] = []
  let end = 0
  for (const match of text.matchAll(PLACEHOLDER)) {
    if (match.index > end) parts.push({ kind: 'text', text: text.slice(end, match.index) })
    const source = match[0]
    const reference = match[2] === '}' ? parseReference(match[1] ?? '') : undefined
    parts.push(reference === undefined ? { kind: 'malformed', source } : { kind: 'reference', source, reference })
    end = match.index + source.length
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) })
  return parts
}

/** Without placeholders: it says now what it will say on the target. */
export const isLiteral = (text: string): boolean => !text.includes(START)

/** Everything that a text refers to. */
export const parseReferences = (text: string): readonly Reference[] =>
  parseTemplate(text).flatMap((part) => (part.kind === 'reference' ? [part.reference] : []))

const parseReference = (body: string): Reference | undefined => {
  const match = /^([^.|]+)\.([^|]+)(?:\|(\w+))?$/.exec(body)
  const [, subjectWord = '', fullName = '', filterWord] = match ?? []
  const subject = SUBJECTS.find((known) => known === subjectWord)
  const filter = FILTERS.find((known) => known === filterWord)
  if (subject === undefined || (filterWord !== undefined && filter === undefined)) return undefined
  const filtered = filter === undefined ? {} : { filter }
  if (subject === 'env') return parseVariable(fullName, filtered)
  return subject === 'socket' ? parseSocket(fullName, filtered) : { subject, name: fullName, ...filtered }
}

type Filtered = Pick<Reference, 'filter'>

const parseVariable = (fullName: string, filtered: Filtered): Reference | undefined => {
  const [name = '', fieldWord, ...rest] = fullName.split('.')
  if (rest.length > 0) return undefined
  if (fieldWord === undefined) return { subject: 'env', name, ...filtered }
  const field = ADDRESS_FIELDS.find((known) => known === fieldWord)
  return field === undefined ? undefined : { subject: 'env', name, field, ...filtered }
}

/** Names of sockets may hold dots: the field is what follows the last. */
const parseSocket = (fullName: string, filtered: Filtered): Reference | undefined => {
  const dot = fullName.lastIndexOf('.')
  const field = SOCKET_FIELDS.find((known) => known === fullName.slice(dot + 1))
  return dot < 1 || field === undefined ? undefined : { subject: 'socket', name: fullName.slice(0, dot), field, ...filtered }
}

const SUBJECTS = ['env', 'file', 'dir', 'process', 'socket'] as const
const ADDRESS_FIELDS = ['host', 'port'] as const
