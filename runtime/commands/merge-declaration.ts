// A declared process and what `set` or `add` says about it -> what is declared from now on. Not yet checked. Pure.

import { splitShellWords } from '../circus/shell-words.ts'

type Fields = Readonly<Record<string, unknown>>

export const mergeDeclaration = (declared: Fields, { args, command, ...given }: Fields): Fields => {
  const words = command === undefined ? readWords(declared['command']) : readWords(command)
  const complete = args === undefined ? words : [...words.slice(0, 1), ...readWords(args)]
  const merged = Object.entries(given).map(([key, value]) => [key, mergeValue(key, declared[key], value)])
  // What is said to be empty is refused by the check, not ignored.
  return { ...declared, ...Object.fromEntries(merged), ...(complete.length === 0 && command === undefined ? {} : { command: complete }) }
}

const mergeValue = (key: string, declared: unknown, value: unknown): unknown => {
  if (key === 'hooks')
    return { ...readFields(declared), ...Object.fromEntries(Object.entries(readFields(value)).map(([name, hook]) => [name, readHook(hook)])) }
  if (STREAM_KEYS.has(key) && typeof value === 'object') return mergeStream(readFields(declared), readFields(value))
  return MERGED_KEYS.has(key) ? { ...readFields(declared), ...readFields(value) } : value
}

/** Each entry on its own; everything else is replaced as a whole. */
const MERGED_KEYS: ReadonlySet<string> = new Set(['environment', 'rlimits'])

/** A text is a command. */
const readHook = (value: unknown): unknown => (typeof value === 'string' ? { command: readWords(value) } : value)

const STREAM_KEYS: ReadonlySet<string> = new Set(['stdout', 'stderr'])

/** circus has `filename`, names a class, and writes sizes as numbers. */
const mergeStream = (declared: Fields, { class: _class, filename, maxBytes, ...given }: Fields): Fields => ({
  ...declared,
  ...given,
  ...(filename === undefined ? {} : { file: filename }),
  ...(maxBytes === undefined ? {} : { maxBytes: typeof maxBytes === 'number' ? String(maxBytes) : maxBytes }),
})

const readFields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {})

/** Text is split as a shell would, and nothing in it is expanded. */
const readWords = (value: unknown): readonly unknown[] => {
  if (Array.isArray(value)) return value
  return typeof value === 'string' ? (splitShellWords(value) ?? [value]) : []
}
