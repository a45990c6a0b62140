// What Python's ConfigParser does to values before circus sees them: [DEFAULT] is part of every section, `%(key)s` is
// the value of another key, `%%` a percent sign. A percent sign alone, which Python refuses, stays.

import type { IniEntry, IniSection } from './ini.ts'
import type { Notes } from './notes.ts'

export const interpolateSections = (sections: readonly IniSection[], notes: Notes): readonly IniSection[] => {
  const defaults = sections.find(({ name }) => name === DEFAULT_NAME)?.entries ?? []
  return sections.filter(({ name }) => name !== DEFAULT_NAME).map((section) => interpolateSection(section, defaults, notes))
}

const DEFAULT_NAME = 'DEFAULT'

const interpolateSection = (section: IniSection, defaults: readonly IniEntry[], notes: Notes): IniSection => {
  const own = section.entries
  const missing = defaults.filter(({ key }) => !own.some((entry) => entry.key === key))
  const known = new Map([...own, ...missing].map((entry) => [entry.key, entry]))
  // Of an environment they would become variables, which nobody means who writes options there.
  const entries = /^env(?::|$)/.test(section.name) ? own : [...own, ...missing]
  const expand = createExpansion(known, notes)
  return { ...section, entries: entries.map((entry) => ({ ...entry, value: expand(entry, []) })) }
}

/** Each key once, and nothing without measure: values that name others twice would double from one to the next. */
const createExpansion = (known: ReadonlyMap<string, IniEntry>, notes: Notes): Expand => {
  const values = new Map<IniEntry, string>()
  const expand: Expand = (entry, trail) => {
    const former = values.get(entry)
    if (former !== undefined) return former
    let length = 0
    const value = entry.value.replaceAll(/%%|%\(([^)]+)\)s/g, (source: string, key?: string) => {
      if (key === undefined) return '%'
      const other = known.get(key)
      const reason = other === undefined ? `there is no "${key}" in this section` : [...trail, entry.key].includes(key) ? 'it refers to itself' : undefined
      const text = other === undefined || reason !== undefined ? source : expand(other, [...trail, entry.key])
      length += text.length
      if (reason !== undefined) notes.problem(entry.place, `cannot resolve "${source}": ${reason}`)
      if (length <= LENGTH_MAX) return text
      notes.problem(entry.place, `"${entry.key}" becomes longer than ${LENGTH_MAX} characters`)
      return ''
    })
    values.set(entry, value)
    return value
  }
  return expand
}

type Expand = (entry: IniEntry, trail: readonly string[]) => string

const LENGTH_MAX = 1_000_000
