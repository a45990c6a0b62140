// The placeholder language of manifests: @{nixpack:env.NAME.host|quote}. Splits a text into literal parts and
// references; whether a reference means something is checked against the manifest, once, before anything runs.

export const FILTERS = ['quote', 'json', 'shell'] as const
export type Filter = (typeof FILTERS)[number]

export const DIRECTORY_NAMES = ['run', 'tmp'] as const

export type Reference = {
  readonly subject: 'env' | 'file' | 'dir'
  readonly name: string
  /** Half of an address or URL. */
  readonly field?: 'host' | 'port'
  readonly filter?: Filter
}

export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'reference'; readonly source: string; readonly reference: Reference }
  | { readonly kind: 'malformed'; readonly source: string }

const PLACEHOLDER = /@\{nixpack:([^{}]*)(\}|$|(?=\{))/g

export const parseTemplate = (text: string): readonly TemplatePart[] => {
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

const parseReference = (body: string): Reference | undefined => {
  const match = /^([^.|]+)\.([^|]+)(?:\|(\w+))?$/.exec(body)
  const [, subjectWord = '', fullName = '', filterWord] = match ?? []
  const subject = SUBJECTS.find((known) => known === subjectWord)
  const filter = FILTERS.find((known) => known === filterWord)
  if (subject === undefined || (filterWord !== undefined && filter === undefined)) return undefined
  const filtered = filter === undefined ? {} : { filter }
  return subject === 'env' ? parseVariable(fullName, filtered) : { subject, name: fullName, ...filtered }
}

const parseVariable = (fullName: string, filtered: Pick<Reference, 'filter'>): Reference | undefined => {
  const [name = '', fieldWord, ...rest] = fullName.split('.')
  if (rest.length > 0) return undefined
  if (fieldWord === undefined) return { subject: 'env', name, ...filtered }
  const field = FIELDS.find((known) => known === fieldWord)
  return field === undefined ? undefined : { subject: 'env', name, field, ...filtered }
}

const SUBJECTS = ['env', 'file', 'dir'] as const
const FIELDS = ['host', 'port'] as const
