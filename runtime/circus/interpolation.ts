// What Python's ConfigParser does to values before circus sees them: [DEFAULT] is part of every section, `%(key)s` is
// the value of another key, `%%` a percent sign. A percent sign alone, which Python refuses, stays.

import type { IniEntry, IniSection } from './ini.ts'
import type { Notes } from './notes.ts'

export const interpolateSections = (sections: readonly IniSection[], notes: Notes): readonly IniSection[] => {
  const defaults = sections.find(({ name }) => name === DEFAULT_NAME)?.entries ?? []
  const budget = createBudget(notes)
  return sections.filter(({ name }) => name !== DEFAULT_NAME).map((section) => interpolateSection({ section, defaults, notes, budget }))
}

const DEFAULT_NAME = 'DEFAULT'

type SectionRequest = { readonly section: IniSection; readonly defaults: readonly IniEntry[]; readonly notes: Notes; readonly budget: Budget }

const interpolateSection = ({ section, defaults, notes, budget }: SectionRequest): IniSection => {
  const own = section.entries
  const missing = defaults.filter(({ key }) => !own.some((entry) => entry.key === key))
  const known = new Map([...own, ...missing].map((entry) => [entry.key, entry]))
  // Of an environment they would become variables, which nobody means who writes options there.
  const entries = /^env(?::|$)/.test(section.name) ? own : [...own, ...missing]
  const expand = createExpansion(known, notes, budget)
  return { ...section, entries: entries.map((entry) => ({ ...entry, value: expand(entry, []) })) }
}

/** False when a text is one too many. Values that name others twice would double from one to the next. */
type Budget = (entry: IniEntry, text: string) => boolean

const createBudget = (notes: Notes): Budget => {
  let left = LENGTH_MAX
  let isTold = false
  return (entry, text) => {
    left -= text.length
    if (left >= 0) return true
    if (!isTold) notes.problem(entry.place, `with "${entry.key}", the values that are named by others become longer than ${LENGTH_MAX} characters`)
    isTold = true
    return false
  }
}

/** Each key once. */
const createExpansion = (known: ReadonlyMap<string, IniEntry>, notes: Notes, budget: Budget): Expand => {
  const values = new Map<IniEntry, string>()
  const expand: Expand = (entry, trail) => {
    const former = values.get(entry)
    if (former !== undefined) return former
    const path = [...trail, entry.key]
    const value = entry.value.replaceAll(/%%|%\(([^)]+)\)s/g, (source: string, key?: string) => {
      if (key === undefined) return '%'
      const other = known.get(key)
      const reason = other === undefined ? `there is no "${key}" in this section` : describeRefusal(path, key)
      if (reason !== undefined) notes.problem(entry.place, `cannot resolve "${source}": ${reason}`)
      const text = other === undefined || reason !== undefined ? source : expand(other, path)
      return budget(entry, text) ? text : source
    })
    values.set(entry, value)
    return value
  }
  return expand
}

type Expand = (entry: IniEntry, trail: readonly string[]) => string

const describeRefusal = (path: readonly string[], key: string): string | undefined => {
  if (path.includes(key)) return 'it refers to itself'
  return path.length >= DEPTH_MAX ? `"${path[0]}" leads to it through ${DEPTH_MAX} others` : undefined
}

const LENGTH_MAX = 1_000_000
/** Python stops at 10. */
const DEPTH_MAX = 100
