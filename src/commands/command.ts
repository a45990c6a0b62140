// What every command of the build CLI is made of.
import type { z } from 'zod'

import { NixpackError } from '../../runtime/contract/errors.ts'
import type { Installation } from '../pipeline.ts'
import type { Report } from '../report.ts'

export type CommandContext = { readonly installation: Installation; readonly report: Report; readonly rootDir: string }

export type Command = {
  readonly name: string
  /** Commander's notation of the one argument; empty for none. */
  readonly argument: '' | `<${string}>`
  readonly summary: string
  readonly hidden?: boolean
  readonly schema: z.ZodObject
  readonly execute: (argument: string, options: Readonly<Record<string, unknown>>, context: CommandContext) => Promise<void>
}

/** Checks options against their schema. Throws USAGE_INVALID naming every option that is wrong. */
export const parseOptions = <Schema extends z.ZodType>(schema: Schema, given: unknown): z.infer<Schema> => {
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const problems = result.error.issues.map((issue) => `--${issue.path.join('.')}: ${issue.message}`)
  throw new NixpackError('USAGE_INVALID', `cannot use options: ${problems.join('; ')}`, { hint: 'see nixpack COMMAND --help' })
}
