// [env] and [env:PATTERN,...]: what each watcher has in its environment. Later sections win.

import type { IniSection } from './ini.ts'
import type { Notes } from './notes.ts'
import { expandDollars, expandReferences, lookupEnvironment } from './variables.ts'
import type { Environment } from './variables.ts'

/** Declared for every watcher. */
export const planCommonEnvironment = (sections: readonly IniSection[], user: Environment, notes: Notes): Environment =>
  sections.filter(({ name }) => name === 'env').reduce((before, section) => extend(before, section, { user, notes }), EMPTY)

/** Declared for one watcher, the common part included. */
export const planWatcherEnvironment = (watcher: string, { sections, common, user, notes }: EnvironmentRequest): Environment =>
  sections.filter(({ name }) => appliesTo(name, watcher)).reduce((before, section) => extend(before, section, { user, notes }), common)

/** The patterns that apply to no watcher: probably misspelt. */
export const findIdlePatterns = (section: IniSection, watchers: readonly string[]): readonly string[] =>
  patternsOf(section.name).filter((pattern) => !watchers.some((watcher) => matchesPattern(pattern, watcher)))

export type EnvironmentRequest = {
  readonly sections: readonly IniSection[]
  readonly common: Environment
  readonly user: Environment
  readonly notes: Notes
}

const EMPTY: Environment = {}

const appliesTo = (sectionName: string, watcher: string): boolean => patternsOf(sectionName).some((pattern) => matchesPattern(pattern, watcher))

const patternsOf = (sectionName: string): readonly string[] =>
  sectionName.startsWith('env:')
    ? sectionName
        .slice('env:'.length)
        .split(',')
        .map((pattern) => pattern.trim())
    : []

/** `$NAME` is what the user has set, else what a section before has declared. */
const extend = (before: Environment, section: IniSection, { user, notes }: Pick<EnvironmentRequest, 'user' | 'notes'>): Environment => {
  const known = { ...user, ...before }
  const expand = ({ value, place }: IniSection['entries'][number]): string => {
    const referenced = expandReferences(value, lookupEnvironment(known), (source) => notes.warn(place, `"${source}" means nothing here: it stays as it is`))
    return expandDollars(
      referenced,
      (name) => user[name] ?? before[name],
      (name) => notes.warn(place, `$${name} is not set`),
    ).trim()
  }
  return { ...before, ...Object.fromEntries(section.entries.map((entry) => [entry.key, expand(entry)])) }
}

/** As fnmatch: `*`, `?`, `[abc]` and `[!abc]`. Each piece between stars is taken where it fits first and never again. */
const matchesPattern = (pattern: string, name: string): boolean => {
  const [head = '', ...pieces] = pattern.split(/\*+/).map(toSource)
  const tail = pieces.pop()
  if (tail === undefined) return new RegExp(`^${head}$`, 's').test(name)
  const inner = pieces.map((piece, index) => `(?=(.*?${piece}))\\${index + 1}`).join('')
  return new RegExp(`^${head}${inner}.*${tail}$`, 's').test(name)
}

const toSource = (piece: string): string =>
  piece.replaceAll(/\[(!?)([^\]]+)\]|[\\^$.+?()[\]{}|]/g, (text: string, not?: string, set?: string) => {
    if (set !== undefined) return `[${not === '!' ? '^' : ''}${set.replaceAll(/[\\\]^]/g, String.raw`\$&`)}]`
    return text === '?' ? '.' : `\\${text}`
  })
