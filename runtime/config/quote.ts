// The filters of placeholders: one value, made safe for one syntax.

import type { Filter } from '../contract/placeholder.ts'

export const FILTER_FUNCTIONS: Readonly<Record<Exclude<Filter, 'offset'>, (value: string | number | boolean) => string>> = {
  quote: (value) => quoteLikeC(String(value)),
  json: (value) => JSON.stringify(value),
  shell: (value) => `'${String(value).replaceAll("'", `'\\''`)}'`,
}

/** As redis.conf and C read it; everything but control characters, quotes and backslashes stays as it is. */
const quoteLikeC = (text: string): string =>
  `"${text.replaceAll(/[\\"\u0000-\u001f\u007f]/g, (character) => C_ESCAPES.get(character) ?? hexEscape(character))}"`

const C_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['"', '\\"'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])

const hexEscape = (character: string): string => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
