// Rules about single values that a schema could say only badly: alternatives, signals, durations that must pass.

import { renderSuggestion } from './nearest-name.ts'
import { parseDurationMs, parseSizeBytes } from './quantity.ts'
import { isSignalName, SIGNAL_NAMES } from './signals.ts'

export const problemIf = (applies: boolean, problem: string): readonly string[] => (applies ? [problem] : [])

/** Exactly one of these keys. */
export const checkAlternatives = (place: string, values: Readonly<Record<string, unknown>>): readonly string[] => {
  const names = Object.keys(values)
  const given = names.filter((name) => values[name] !== undefined)
  const got = given.length === 0 ? '' : `, got ${given.map((name) => `"${name}"`).join(' and ')}`
  const [last = ''] = names.slice(-1)
  const list = names.slice(0, -1).map((name) => `"${name}"`)
  return problemIf(given.length !== 1, `${place}: expected exactly one of ${list.join(', ')} and "${last}"${got}`)
}

export const checkSignal = (place: string, name: string): readonly string[] =>
  isSignalName(name) ? [] : [`${place}: no such signal "${name}"${renderSuggestion(name, SIGNAL_NAMES)}`]

/** The signal of `{ signal }`; anything else is a word of the schema. */
export const checkSignalOf = (place: string, action: string | { readonly signal: string }): readonly string[] =>
  typeof action === 'string' ? [] : checkSignal(`${place}.signal`, action.signal)

/** Durations and sizes of nothing at all: that would be all the time, or never. */
export const checkPositive = (place: string, values: Readonly<Record<string, string | undefined>>): readonly string[] =>
  Object.entries(values).flatMap(([key, text]) => {
    if (text === undefined) return []
    const amount = parseDurationMs(text) ?? parseSizeBytes(text) ?? 1
    return problemIf(amount === 0, `${place}.${key}: expected more than ${text}`)
  })
