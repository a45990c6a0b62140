// The manifest, version 1, as a schema: one declaration for types, validation and defaults.
// What a schema cannot say (references, cycles, secrets) is in manifest-checks.ts.

import * as z from 'zod/mini'
import { parseDurationMs } from './quantity.ts'

// Each schema is used once or twice in the life of a process: compiling parsers would only cost time.
z.config({ jitless: true })

const nameSchema = z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,47}$/, 'a name of at most 48 letters, digits, dots, dashes and underscores'))
/** Part of the path of the run directory, in which sockets must fit whatever the user's number. */
const bundleNameSchema = nameSchema.check(z.maxLength(40, 'a name of at most 40 characters'))
const textSchema = z.string().check(z.refine((text) => !text.includes('\0'), 'text without NUL bytes'))
const durationSchema = z.string().check(z.refine((text) => parseDurationMs(text) !== undefined, 'a duration such as 50ms, 10s or 5m'))
const commandSchema = z.array(textSchema).check(z.minLength(1, 'a command of at least one word'))
const scalarSchema = z.union([z.string(), z.number(), z.boolean()], 'text, a number or a boolean')

const variableSchema = z.strictObject({
  type: z.enum(['string', 'integer', 'number', 'boolean', 'port', 'address', 'url', 'path', 'directory', 'duration', 'bytes', 'enum', 'secret']),
  default: z.optional(scalarSchema),
  description: z._default(z.string(), ''),
  required: z._default(z.boolean(), false),
  min: z.optional(z.union([z.number(), z.string()])),
  max: z.optional(z.union([z.number(), z.string()])),
  values: z.optional(z.array(z.string())),
})

const fileModeSchema = z.optional(z.string().check(z.regex(/^0?[0-7]{3}$/, 'an octal mode such as 0600')))
/** Either `text` or `format` with `value`: manifest-checks.ts says so, with a better message than a union could. */
const fileSchema = z.strictObject({
  text: z.optional(z.string()),
  format: z.optional(z.enum(['json', 'yaml', 'toml', 'ini'])),
  value: z.optional(z.json()),
  mode: fileModeSchema,
})

/** Exactly one of `tcp`, `unix`, `exec` and `logLine`. */
const readySchema = z.strictObject({
  tcp: z.optional(textSchema),
  unix: z.optional(textSchema),
  exec: z.optional(commandSchema),
  logLine: z.optional(z.string()),
  interval: z._default(durationSchema, '50ms'),
  timeout: z._default(durationSchema, '60s'),
})

const processSchema = z.strictObject({
  command: commandSchema,
  environment: z._default(z.record(z.string().check(z.regex(/^[^=\0]+$/, 'a variable name')), textSchema), {}),
  copyEnv: z._default(z.boolean(), false),
  workingDirectory: z.optional(textSchema),
  dependsOn: z._default(z.record(z.string(), z.enum(['started', 'ready', 'completed_successfully'])), {}),
  ready: z.optional(readySchema),
  restart: z._default(z.enum(['always', 'on-failure', 'never']), 'on-failure'),
  restartDelay: z._default(durationSchema, '100ms'),
  restartDelayMax: z._default(durationSchema, '30s'),
  restartBurst: z._default(z.int('a whole number').check(z.nonnegative('0 or more')), 5),
  restartWindow: z._default(durationSchema, '60s'),
  stopSignal: z._default(z.string().check(z.regex(/^SIG[A-Z][A-Z0-9]+$/, 'a signal name such as SIGTERM')), 'SIGTERM'),
  gracefulTimeout: z._default(durationSchema, '10s'),
  essential: z._default(z.boolean(), true),
})

const exitPolicySchema = z.union(
  [z.enum(['essential', 'first-failure']), z.strictObject({ process: z.string() })],
  '"essential", "first-failure" or { "process": NAME }',
)

export const manifestSchema = z.strictObject({
  version: z.literal(1),
  name: bundleNameSchema,
  description: z._default(z.string(), ''),
  env: z._default(z.record(z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a variable name')), variableSchema), {}),
  files: z._default(z.record(nameSchema, fileSchema), {}),
  processes: z._default(z.record(nameSchema, processSchema), {}),
  exitPolicy: z._default(exitPolicySchema, 'essential'),
})

export type Manifest = z.infer<typeof manifestSchema>
export type VariableDeclaration = z.infer<typeof variableSchema>
export type FileDeclaration = z.infer<typeof fileSchema>
export type ProcessDeclaration = z.infer<typeof processSchema>
export type ReadyDeclaration = z.infer<typeof readySchema>
export type ExitPolicy = z.infer<typeof exitPolicySchema>

/** The keys that are allowed at a place of the manifest, for suggestions. */
export const knownKeysAt = (path: readonly PropertyKey[]): readonly string[] => {
  if (path.length === 0) return Object.keys(manifestSchema.shape)
  if (path[0] === 'env') return Object.keys(variableSchema.shape)
  if (path[0] === 'files') return Object.keys(fileSchema.shape)
  if (path[0] === 'exitPolicy') return ['process']
  return path[2] === 'ready' ? Object.keys(readySchema.shape) : Object.keys(processSchema.shape)
}
