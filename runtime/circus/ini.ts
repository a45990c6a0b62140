// The INI dialect of circus: Python's ConfigParser as circus changes it. The first value of a key counts, names keep
// their case, a line that begins with space goes on, `;` after a space begins a comment. Pure: text in, entries out.

/** Where a value was written; line 0: the file as a whole. */
export type Place = { readonly file: string; readonly line: number }
export type IniEntry = { readonly key: string; readonly value: string; readonly place: Place }
export type IniSection = { readonly name: string; readonly place: Place; readonly entries: readonly IniEntry[] }
export type IniFile = { readonly sections: readonly IniSection[]; readonly problems: readonly Note[]; readonly warnings: readonly Note[] }
export type Note = { readonly place: Place; readonly text: string }

/** A section may occur several times; all of its occurrences are one. */
export const parseIni = (text: string, file: string): IniFile => {
  const reader = createReader(file)
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries())
    reader.read(line.replace(/\r$/, ''), index + 1)
  return reader.finish()
}

export type MergedSections = { readonly sections: readonly IniSection[]; readonly warnings: readonly Note[] }

/** What a later file adds to the former ones; what they say already stays. */
export const mergeSections = (files: readonly IniFile[]): MergedSections => {
  const merged = new Map<string, IniSection>()
  const warnings: Note[] = []
  for (const section of files.flatMap(({ sections }) => sections)) {
    const known = merged.get(section.name)
    const entries = known?.entries ?? []
    const places = new Map(entries.map(({ key, place }) => [key, place]))
    for (const { key, place } of section.entries) {
      const former = places.get(key)
      if (former !== undefined) warnings.push({ place, text: renderFormer(key, section.name, `${former.file}:${former.line}`) })
    }
    const added = section.entries.filter(({ key }) => !places.has(key))
    merged.set(section.name, { ...section, place: known?.place ?? section.place, entries: [...entries, ...added] })
  }
  return { sections: [...merged.values()], warnings }
}

const renderFormer = (key: string, section: string, where: string): string => `"${key}" of [${section}] is set already in ${where}: the first one counts`

type OpenEntry = { readonly key: string; readonly place: Place; readonly lines: string[] }
type OpenSection = { readonly name: string; readonly place: Place; readonly entries: Map<string, OpenEntry> }
type Reader = { read(line: string, number: number): void; finish(): IniFile }

const createReader = (file: string): Reader => {
  const sections = new Map<string, OpenSection>()
  const problems: Note[] = []
  const warnings: Note[] = []
  let section: OpenSection | undefined
  /** Undefined: nothing that could go on. */
  let entry: OpenEntry | undefined
  const readLine = (line: string, place: Place): void => {
    const header = /^\[(.+)\]/.exec(line)?.[1]
    if (header !== undefined) {
      section = sections.get(header) ?? { name: header, place, entries: new Map() }
      sections.set(header, section)
      entry = undefined
      return
    }
    if (section === undefined) return void problems.push({ place, text: 'a line before the first [section]' })
    const separatorAt = line.search(/[=:]/)
    const key = line.slice(0, Math.max(0, separatorAt)).trimEnd()
    if (key === '') return void problems.push({ place, text: `expected KEY = VALUE, got ${JSON.stringify(line)}` })
    entry = { key, place, lines: [parseValue(line.slice(separatorAt + 1))] }
    const former = section.entries.get(key)
    if (former === undefined) section.entries.set(key, entry)
    else warnings.push({ place, text: renderFormer(key, section.name, `line ${former.place.line}`) })
  }
  return {
    read(line, number) {
      if (line.trim() === '' || /^[#;]|^rem(\s|$)/i.test(line)) return
      if (!/^\s/.test(line)) readLine(line, { file, line: number })
      else if (entry === undefined) readLine(line.trim(), { file, line: number })
      else entry.lines.push(line.trim())
    },
    finish: () => ({
      problems,
      warnings,
      sections: [...sections.values()].map(({ name, place, entries }) => ({
        name,
        place,
        entries: [...entries.values()].map((open) => ({ key: open.key, place: open.place, value: open.lines.join('\n') })),
      })),
    }),
  }
}

/** Only the first semicolon may begin a comment: the others of `a;b ; c` are part of the value. */
const parseValue = (text: string): string => {
  const value = text.replace(/^([^;]*\s)?;.*$/, '$1').trim()
  return value === '""' ? '' : value
}
