// The files of a circus.ini: itself and what its [circus] section includes. The only reader of the disk here.

import { globSync, readFileSync } from 'node:fs'
import { mergeSections, parseIni } from './ini.ts'
import type { IniFile, IniSection } from './ini.ts'
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
  return {
    files: [path, ...included.map(({ file }) => file)],
    sections: mergeSections([main, ...included.map(({ parsed }) => parsed)]),
  }
}

const readMain = (path: string): IniFile => {
  try {
    return parseIni(readFileSync(path, 'utf8'), path)
  } catch (cause) {
    throw createCircusError(path, ['it cannot be read'], cause)
  }
}

type Included = { readonly file: string; readonly parsed: IniFile }

const readIncluded = (file: string, notes: Notes): readonly Included[] => {
  try {
    const parsed = parseIni(readFileSync(file, 'utf8'), file)
    notes.add(parsed)
    return [{ file, parsed }]
  } catch (error) {
    notes.warn({ file, line: 0 }, `it cannot be included: ${error instanceof Error ? error.message : String(error)}`)
    return []
  }
}

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
