// A declared process and what `set` or `add` says about it -> what is declared from now on. Not yet checked. Pure.

import { splitShellWords } from '../circus/shell-words.ts'

type Fields = Readonly<Record<string, unknown>>

export const mergeDeclaration = (declared: Fields, { args, command, ...given }: Fields): Fields => {
  const words = command === undefined ? readWords(declared['command']) : readWords(command)
  const complete = args === undefined ? words : [...words.slice(0, 1), ...readWords(args)]
  const merged = Object.entries(given).map(([key, value]) => [key, MERGED_KEYS.has(key) ? { ...readFields(declared[key]), ...readFields(value) } : value])
  return { ...declared, ...Object.fromEntries(merged), ...(complete.length === 0 ? {} : { command: complete }) }
}

/** Each entry on its own; everything else is replaced as a whole. */
const MERGED_KEYS: ReadonlySet<string> = new Set(['environment', 'rlimits', 'hooks'])

const readFields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {})

/** Text is split as a shell would, and nothing in it is expanded. */
const readWords = (value: unknown): readonly unknown[] => {
  if (Array.isArray(value)) return value
  return typeof value === 'string' ? (splitShellWords(value) ?? [value]) : []
}
