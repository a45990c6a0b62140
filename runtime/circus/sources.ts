// The files of a circus.ini: itself and what its [circus] section includes. The only reader of the disk here.

import { globSync, readFileSync } from 'node:fs'
import { mergeSections, parseIni } from './ini.ts'
import type { IniEntry, IniFile, IniSection } from './ini.ts'
import { createCircusError } from './notes.ts'
import type { Notes } from './notes.ts'
import { expandReferences, lookupEnvironment } from './variables.ts'
import type { Environment } from './variables.ts'

export type Sources = { readonly files: readonly string[]; readonly sections: readonly IniSection[] }

/** Only the first file can include others, as in circus. */
export const readSources = (path: string, environment: Environment, notes: Notes): Sources => {
  const main = readMain(path)
  notes.add(main)
  const included = findIncludes({ path, main, environment }, notes).flatMap((file) => readIncluded(file, notes))
  const { sections, warnings } = mergeSections([main, ...included.map(({ parsed }) => parsed)])
  notes.add({ problems: [], warnings })
  return { files: [path, ...included.map(({ file }) => file)], sections }
}

const readMain = (path: string): IniFile => {
  try {
    return parseIniBytes(readFileSync(path), path)
  } catch (cause) {
    throw createCircusError(path, ['it cannot be read'], cause)
  }
}

type Included = { readonly file: string; readonly parsed: IniFile }

const readIncluded = (file: string, notes: Notes): readonly Included[] => {
  try {
    const parsed = parseIniBytes(readFileSync(file), file)
    notes.add(parsed)
    return [{ file, parsed: withoutIncludes(parsed, notes) }]
  } catch (error) {
    notes.warn({ file, line: 0 }, `it cannot be included: ${error instanceof Error ? error.message : String(error)}`)
    return []
  }
}

/** A byte that is not UTF-8 would reach a program as another one. */
const parseIniBytes = (bytes: Buffer, file: string): IniFile => {
  const parsed = parseIni(bytes.toString('utf8'), file)
  if (isUtf8(bytes)) return parsed
  const line = bytes
    .toString('latin1')
    .split('\n')
    .findIndex((text) => !isUtf8(Buffer.from(text, 'latin1')))
  return { ...parsed, problems: [...parsed.problems, { place: { file, line: line + 1 }, text: 'the line is not UTF-8' }] }
}

const isUtf8 = (bytes: Buffer): boolean => Buffer.from(bytes.toString('utf8')).equals(bytes)

const withoutIncludes = (parsed: IniFile, notes: Notes): IniFile => ({
  ...parsed,
  sections: parsed.sections.map((section) => {
    if (section.name !== 'circus') return section
    for (const { key, place } of section.entries.filter(isInclude)) notes.warn(place, `"${key}" has no effect: only the first file can include others`)
    return { ...section, entries: section.entries.filter((entry) => !isInclude(entry)) }
  }),
})

const isInclude = ({ key }: IniEntry): boolean => INCLUDE_KEYS.some((include) => include.key === key)

type IncludeRequest = { readonly path: string; readonly main: IniFile; readonly environment: Environment }

const findIncludes = ({ path, main, environment }: IncludeRequest, notes: Notes): readonly string[] => {
  const entries = main.sections.find(({ name }) => name === 'circus')?.entries ?? []
  const found = INCLUDE_KEYS.flatMap(({ key, suffix }) =>
    entries
      .filter((entry) => entry.key === key)
      .flatMap(({ value, place }) => {
        const text = expandReferences(value, lookupEnvironment(environment), (source) => notes.warn(place, `"${source}" is not set`))
        const patterns = text.split(/\s+/).filter((pattern) => pattern !== '')
        return patterns.flatMap((pattern) => {
          const files = globFiles(path, pattern + suffix)
          if (files.length === 0) notes.warn(place, `"${pattern}" leads to no file; paths are relative to the directory of "${path}"`)
          return files
        })
      }),
  )
  return [...new Set(found)].filter((file) => file !== path)
}

const INCLUDE_KEYS = [
  { key: 'include', suffix: '' },
  { key: 'include_dir', suffix: '/*.ini' },
] as const

/** Sorted: whose value counts must not depend on how a directory is stored. */
const globFiles = (path: string, pattern: string): readonly string[] => {
  const dir = path.includes('/') ? path.slice(0, path.lastIndexOf('/') + 1) : ''
  return globSync(pattern.startsWith('/') ? pattern : dir + pattern).toSorted()
}
