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
  return { ...section, entries: entries.map((entry) => ({ ...entry, value: expand(entry, known, { notes, trail: [entry.key] }) })) }
}

type Expansion = { readonly notes: Notes; readonly trail: readonly string[] }

const expand = ({ value, place }: IniEntry, known: ReadonlyMap<string, IniEntry>, { notes, trail }: Expansion): string =>
  value.replaceAll(/%%|%\(([^)]+)\)s/g, (source: string, key?: string) => {
    if (key === undefined) return '%'
    const other = known.get(key)
    if (other !== undefined && !trail.includes(key)) return expand(other, known, { notes, trail: [...trail, key] })
    const reason = other === undefined ? `there is no "${key}" in this section` : 'it refers to itself'
    notes.problem(place, `cannot resolve "${source}": ${reason}`)
    return source
  })
