// Options of the build CLI, each declared once: schema, flag and help; commander's options are derived.
import { Option } from 'commander'
import { z } from 'zod'

import { DEFAULT_LEVEL } from './archive/compress.ts'

const HIGHEST_LEVEL = 22

/** Flag of an option in commander's notation. */
const flags = z.registry<{ readonly flag: string }>()

const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, `expected a whole number from ${least} to ${most}`)
    .transform(Number)
    .refine((value) => value >= least && value <= most, `expected a whole number from ${least} to ${most}`)

const outputOptionsSchema = z.strictObject({
  json: z.boolean().default(false).describe('print the result as JSON').register(flags, { flag: '--json' }),
  quiet: z.boolean().default(false).describe('print nothing but errors').register(flags, { flag: '-q, --quiet' }),
})

export const bundleOptionsSchema = outputOptionsSchema.extend({
  output: z.string().min(1).optional().describe('file to write (default: ./NAME of the entrypoint)').register(flags, { flag: '-o, --output <file>' }),
  program: z
    .string()
    .min(1)
    .optional()
    .describe('main program of a plain bundle, relative to its store path (bin/NAME)')
    .register(flags, { flag: '-p, --program <path>' }),
  level: wholeNumber(1, HIGHEST_LEVEL)
    .default(DEFAULT_LEVEL)
    .describe(`zstd level, 1 to ${HIGHEST_LEVEL} (default: ${DEFAULT_LEVEL})`)
    .register(flags, { flag: '-l, --level <number>' }),
  jobs: wholeNumber(1, 1024).optional().describe('store paths compressed at a time (default: one per core)').register(flags, { flag: '-j, --jobs <number>' }),
})

export const inspectOptionsSchema = z.strictObject({
  json: outputOptionsSchema.shape.json,
  verify: z.boolean().default(false).describe('read the whole file and check every digest').register(flags, { flag: '--verify' }),
})

export const prepareOptionsSchema = z.strictObject({
  launcher: z.string().min(1).describe('launcher built by make').register(flags, { flag: '--launcher <file>' }),
  system: z.string().optional().describe("system to build for (default: this machine's)").register(flags, { flag: '--system <system>' }),
  cross: z.string().min(1).optional().describe('what .ci/cross has fetched for another system').register(flags, { flag: '--cross <directory>' }),
})

export type BundleOptions = z.infer<typeof bundleOptionsSchema>

/** Commander's options for the keys of a schema, in their order. */
export const commanderOptions = (schema: z.ZodObject): readonly Option[] =>
  Object.values(schema.shape).flatMap((value) => {
    if (!(value instanceof z.ZodType)) return []
    const flag = flags.get(value)?.flag
    return flag === undefined ? [] : [new Option(flag, value.description)]
  })
