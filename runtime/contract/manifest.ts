// Text of a manifest -> checked manifest. Every problem is reported at once, with its place.

import type * as z from 'zod/mini'
import { NixpackError } from './errors.ts'
import { resolveManifestProblems } from './manifest-checks.ts'
import { knownKeysAt } from './manifest-keys.ts'
import { manifestSchema } from './manifest-schema.ts'
import type { Manifest } from './manifest-schema.ts'
import { renderSuggestion } from './nearest-name.ts'
import { findUnusableKeys, renderUnusable } from './unusable-keys.ts'

export { HOOK_NAMES } from './manifest-schema.ts'
export type {
  CheckDeclaration,
  FileDeclaration,
  HeartbeatDeclaration,
  HookDeclaration,
  LivenessDeclaration,
  Manifest,
  ProcessDeclaration,
  ReadyDeclaration,
  ResourcesDeclaration,
  ScheduleDeclaration,
  SocketDeclaration,
  StreamDeclaration,
  TaskDeclaration,
  VariableDeclaration,
} from './manifest-schema.ts'

/** Where an entrypoint's store path carries its manifest. */
export const MANIFEST_PATH = 'share/nixpack/manifest.json'

/** `source` is the path that messages name. */
export const parseManifest = (text: string, source: string): Manifest => {
  const checked = checkDeclarations(parseJson(text, source))
  if ('manifest' in checked) return checked.manifest
  throw new NixpackError('MANIFEST_INVALID', `cannot read manifest "${source}": ${renderProblems(checked.problems)}`)
}

export type CheckedManifest = { readonly manifest: Manifest } | { readonly problems: readonly string[] }

export const checkDeclarations = (value: unknown): CheckedManifest => {
  const unusable = findUnusableKeys(value)
  if (unusable.length > 0) return { problems: unusable.map(renderUnusable) }
  const parsed = manifestSchema.safeParse(value)
  const problems = parsed.success ? resolveManifestProblems(parsed.data) : parsed.error.issues.flatMap(renderIssue)
  return parsed.success && problems.length === 0 ? { manifest: parsed.data } : { problems }
}

const parseJson = (text: string, source: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new NixpackError('MANIFEST_INVALID', `cannot read manifest "${source}": it is not JSON`, { cause })
  }
}

/** One in the line, several below it. */
export const renderProblems = (problems: readonly string[]): string =>
  problems.length === 1 ? (problems[0] ?? '') : problems.map((problem) => `\n  - ${problem}`).join('')

const renderIssue = (issue: z.core.$ZodIssue): readonly string[] => {
  const place = renderPath(issue.path)
  if (issue.code === 'invalid_union') return renderUnionIssue(issue, place)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${place}: unknown key "${key}"${renderSuggestion(key, knownKeysAt(issue.path))}`)
  }
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => `${place}: expected ${message}`)
  if (issue.code === 'invalid_value') return [`${place}: expected ${issue.values.map(renderValue).join(', ')}`]
  if (issue.code === 'invalid_type' && issue.message === 'Invalid input') return [`${place}: expected ${issue.expected}`]
  return [`${place}: expected ${issue.message}`]
}

/** What is wrong inside of an alternative says more than that none of them fits. */
const renderUnionIssue = (issue: z.core.$ZodIssueInvalidUnion, place: string): readonly string[] => {
  const inner = issue.errors.flat().filter(({ code, path }) => code === 'unrecognized_keys' || path.length > 0)
  const told = inner.filter((one) => one.code === 'unrecognized_keys')
  const lines = (told.length > 0 ? told : inner).flatMap((one) => renderIssue({ ...one, path: [...issue.path, ...one.path] }))
  return lines.length > 0 ? lines : [`${place}: expected ${issue.message}`]
}

const renderValue = (value: unknown): string => JSON.stringify(value) ?? 'nothing'

const renderPath = (path: readonly PropertyKey[]): string => (path.length === 0 ? 'top level' : path.map(String).join('.'))
