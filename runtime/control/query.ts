// The query of a GET -> the same object that a POST would bring as its body, by what the schema of the request expects.

import type * as z from 'zod/mini'

export const decodeQuery = (schema: z.ZodMiniObject, query: URLSearchParams): Readonly<Record<string, unknown>> => {
  const entries = [...new Set(query.keys())].map((key): [string, unknown] => [
    key,
    decodeValue(Object.hasOwn(schema.shape, key) ? schema.shape[key] : undefined, query.getAll(key)),
  ])
  return Object.fromEntries(entries)
}

/** What cannot be decoded is handed on as text: the schema refuses it. */
const decodeValue = (schema: z.core.$ZodType | undefined, texts: readonly string[]): unknown => {
  const kind = kindOf(schema)
  if (kind === 'array') return texts
  const text = texts.at(-1) ?? ''
  if (kind === 'number') return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text
  return kind === 'boolean' ? (BOOLEANS.get(text) ?? text) : text
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['', true],
  ['1', true],
  ['true', true],
  ['0', false],
  ['false', false],
])

const kindOf = (schema: z.core.$ZodType | undefined): string | undefined => {
  const def: { readonly type: string; readonly innerType?: z.core.$ZodType } | undefined = schema?._zod.def
  return def?.innerType === undefined ? def?.type : kindOf(def.innerType)
}

/** The other direction, for the client. */
export const encodeQuery = (request: unknown): string => {
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(Object(request))) {
    for (const item of Array.isArray(value) ? value : [value]) if (item !== undefined) query.append(key, String(item))
  }
  return query.size === 0 ? '' : `?${query.toString()}`
}
