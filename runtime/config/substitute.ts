// Placeholders -> values. The manifest check has made sure that every reference means something.

import type { RunPaths } from '../contract/directories.ts'
import { parseTemplate } from '../contract/placeholder.ts'
import type { Reference, TemplatePart } from '../contract/placeholder.ts'
import { FILTER_FUNCTIONS } from './quote.ts'
import type { Variable } from './variables.ts'

export type Substitution = {
  readonly variables: ReadonlyMap<string, Variable>
  readonly paths: RunPaths
}

type Scalar = string | number | boolean

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
  return reference.filter === undefined ? String(value) : FILTER_FUNCTIONS[reference.filter](value)
}

export const partText = (part: TemplatePart): string => (part.kind === 'text' ? part.text : part.source)

const substituteScalar = (template: string, context: Substitution): Scalar => {
  const [part, ...rest] = parseTemplate(template)
  if (part?.kind !== 'reference' || rest.length > 0 || part.reference.filter !== undefined) return substitute(template, context)
  return resolveReference(part.reference, context)
}

const resolveReference = ({ subject, name, field }: Reference, { variables, paths }: Substitution): Scalar => {
  if (subject === 'file') return `${paths.filesDir}/${name}`
  if (subject === 'dir') return name === 'tmp' ? paths.tmpDir : paths.filesDir
  const variable = variables.get(name)
  if (variable === undefined) throw new Error(`unreachable: no variable "${name}"`)
  return field === undefined ? variable.json : (variable[field] ?? '')
}
