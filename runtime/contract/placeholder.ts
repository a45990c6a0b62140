// The placeholder language of manifests: @{nixpack:env.NAME.host|quote}. Splits a text into literal parts and
// references; whether a reference means something is checked against the manifest, once, before anything runs.

export const FILTERS = ['quote', 'json', 'shell'] as const
export type Filter = (typeof FILTERS)[number]

export const DIRECTORY_NAMES = ['run', 'tmp'] as const
export type DirectoryName = (typeof DIRECTORY_NAMES)[number]

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
  const match = /^(env|file|dir)\.([^|]+)(?:\|(\w+))?$/.exec(body)
  const subject = SUBJECTS.find((known) => known === match?.[1])
  const filter = FILTERS.find((known) => known === match?.[3])
  if (match === null || subject === undefined || (match[3] !== undefined && filter === undefined)) return undefined
  const filtered = filter === undefined ? {} : { filter }
  const fullName = match[2] ?? ''
  if (subject !== 'env') return { subject, name: fullName, ...filtered }
  const [name = '', fieldName, ...rest] = fullName.split('.')
  const field = FIELDS.find((known) => known === fieldName)
  if (rest.length > 0 || (fieldName !== undefined && field === undefined)) return undefined
  return { subject, name, ...(field === undefined ? {} : { field }), ...filtered }
}

const SUBJECTS = ['env', 'file', 'dir'] as const
const FIELDS = ['host', 'port'] as const
