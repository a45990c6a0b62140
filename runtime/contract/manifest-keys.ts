// The keys that are allowed at a place of the manifest, read off its schema, for suggestions.

import * as z from 'zod/mini'
import { manifestSchema } from './manifest-schema.ts'

export const knownKeysAt = (path: readonly PropertyKey[]): readonly string[] =>
  path.reduce<readonly z.core.$ZodType[]>((schemas, key) => schemas.flatMap((schema) => step(schema, key)), [manifestSchema]).flatMap(listKeys)

/** What a schema says about one of its entries; several, where there are alternatives. */
const step = (schema: z.core.$ZodType, key: PropertyKey): readonly z.core.$ZodType[] => {
  const plain = unwrap(schema)
  if (plain instanceof z.core.$ZodUnion) return plain._zod.def.options.flatMap((option) => step(option, key))
  if (plain instanceof z.core.$ZodRecord) return [plain._zod.def.valueType]
  if (plain instanceof z.core.$ZodArray) return [plain._zod.def.element]
  const entry = plain instanceof z.core.$ZodObject ? plain._zod.def.shape[String(key)] : undefined
  return entry === undefined ? [] : [entry]
}

const listKeys = (schema: z.core.$ZodType): readonly string[] => {
  const plain = unwrap(schema)
  if (plain instanceof z.core.$ZodUnion) return plain._zod.def.options.flatMap(listKeys)
  if (plain instanceof z.core.$ZodObject) return Object.keys(plain._zod.def.shape)
  const keys = plain instanceof z.core.$ZodRecord ? plain._zod.def.keyType : undefined
  return keys instanceof z.core.$ZodEnum ? Object.keys(keys._zod.def.entries) : []
}

const unwrap = (schema: z.core.$ZodType): z.core.$ZodType =>
  schema instanceof z.core.$ZodDefault || schema instanceof z.core.$ZodOptional ? unwrap(schema._zod.def.innerType) : schema
