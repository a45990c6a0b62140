// One section, with its references filled in, read key by key. What is not understood is a problem with its place.

import { resolveNearestName } from '../contract/nearest-name.ts'
import type { IniSection, Place } from './ini.ts'
import type { Notes } from './notes.ts'
import { findOption } from './options.ts'
import type { CircusOption } from './options.ts'
import { expandReferences } from './variables.ts'
import type { Lookup } from './variables.ts'

export type Section = {
  readonly name: string
  readonly keys: readonly string[]
  /** About a key, or the section as a whole. */
  readonly problem: (key: string | undefined, text: string) => void
  readonly warn: (key: string | undefined, text: string) => void
  readonly text: (key: string) => string | undefined
  readonly boolean: (key: string) => boolean | undefined
  readonly integer: (key: string) => number | undefined
  readonly number: (key: string) => number | undefined
  /** A duration of the manifest. */
  readonly seconds: (key: string) => string | undefined
}

export const createSection = ({ name, place, entries }: IniSection, lookup: Lookup, notes: Notes): Section => {
  const placeOf = (key: string | undefined): Place => entries.find((entry) => entry.key === key)?.place ?? place
  const unknown = (source: string, at: Place): void => notes.warn(at, `"${source}" means nothing here: it stays as it is`)
  const values = new Map(entries.map((entry) => [entry.key, expandReferences(entry.value, lookup, (source) => unknown(source, entry.place))]))
  for (const { key, value, place: at } of entries) {
    const [misspelt] = /\$\(env\.\w+\)/i.exec(value) ?? []
    if (misspelt !== undefined && WORDS.has(key)) notes.warn(at, `"${misspelt}" stays as it is: circus means "$(circus.${misspelt.slice(2)}"`)
  }
  const read = <T>(key: string, expected: string, parse: (text: string) => T | undefined): T | undefined => {
    const text = values.get(key)
    if (text === undefined) return undefined
    const value = parse(text.trim())
    if (value === undefined) notes.problem(placeOf(key), `"${key}": expected ${expected}, got ${JSON.stringify(text)}`)
    return value
  }
  const number = (key: string): number | undefined => read(key, 'a number', parseNumber)
  return {
    name,
    keys: [...values.keys()],
    problem: (key, text) => notes.problem(placeOf(key), text),
    warn: (key, text) => notes.warn(placeOf(key), text),
    text: (key) => values.get(key)?.trim(),
    boolean: (key) => read(key, 'True or False', parseBoolean),
    integer: (key) => read(key, 'a whole number', parseInteger),
    number,
    seconds(key) {
      const value = read(key, 'a number of seconds', (text) => (Number(text) < 0 ? undefined : parseNumber(text)))
      return value === undefined ? undefined : renderSeconds(value)
    },
  }
}

/** Where its documentation has an example that does nothing; for a shell it would be a command. */
const WORDS: ReadonlySet<string> = new Set(['args'])

/** Says of every key whether it is unknown, or known and without effect. */
export const checkKeys = (section: Section, options: readonly CircusOption[]): void => {
  for (const key of section.keys) {
    const option = findOption(options, key)
    if (option?.hasNoEffect === true) section.warn(key, `"${key}" has no effect: ${option.text}`)
    if (option !== undefined) continue
    const nearest = resolveNearestName(
      key,
      options.map(({ name }) => name),
    )
    section.warn(key, `unknown option "${key}" of [${section.name}] has no effect${nearest === undefined ? '' : `, did you mean "${nearest}"?`}`)
  }
}

export const renderSeconds = (seconds: number): string => (Number.isInteger(seconds) ? `${seconds}s` : `${Math.round(seconds * 1000)}ms`)

/** Nothing is done without a pause. */
export const renderInterval = (seconds: number): string => renderSeconds(Math.max(0.1, seconds))

const parseBoolean = (text: string): boolean | undefined => {
  if (/^(?:true|1|yes|on)$/i.test(text)) return true
  return /^(?:false|0|no|off)$/i.test(text) ? false : undefined
}

const parseInteger = (text: string): number | undefined => (/^[+-]?\d{1,15}$/.test(text) ? Number(text) : undefined)

const parseNumber = (text: string): number | undefined => (/^[+-]?(?:\d{1,15}(?:\.\d*)?|\.\d+)$/.test(text) ? Number(text) : undefined)
