// The manifest, version 1, as a schema: one declaration for types, validation and defaults.
// What a schema cannot say (references, cycles, secrets) is in manifest-checks.ts.

import * as z from 'zod/mini'
import type {
  HOOK_NAMES,
  hookSchema,
  livenessSchema,
  readySchema,
  resourcesSchema,
  scheduleSchema,
  startupSchema,
  streamSchema,
} from './manifest-observation-schema.ts'
import { processSchema, taskSchema } from './manifest-process-schema.ts'
import type { dependencySchema } from './manifest-process-schema.ts'
import { durationSchema, nameSchema, octalSchema, positiveSchema, textSchema } from './manifest-value-schema.ts'

export { HOOK_NAMES } from './manifest-observation-schema.ts'
export { RLIMIT_NAMES } from './manifest-process-schema.ts'

/** Part of the path of the run directory, in which sockets must fit whatever the user's number. */
const bundleNameSchema = nameSchema.check(z.maxLength(40, 'a name of at most 40 characters'))
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

/** Exactly one of `tcp`, `udp`, `unix` and `unixgram`: an address, or the path of a socket. */
const socketSchema = z.strictObject({
  tcp: z.optional(textSchema),
  udp: z.optional(textSchema),
  unix: z.optional(textSchema),
  unixgram: z.optional(textSchema),
  mode: z.optional(octalSchema),
  umask: z.optional(octalSchema),
  backlog: z._default(positiveSchema, 2048),
  reusePort: z._default(z.boolean(), false),
  /** A path that is there already is replaced. */
  replace: z._default(z.boolean(), false),
  /** SO_BINDTODEVICE */
  interface: z.optional(textSchema),
})

const exitPolicySchema = z.union(
  [z.enum(['essential', 'first-failure']), z.strictObject({ process: z.string() })],
  '"essential", "first-failure" or { "process": NAME }',
)

/** Processes that tell by datagram that they live, "PID;TIME" (circus' WatchDog); who is silent for too long is killed. */
const heartbeatSchema = z.strictObject({
  udp: textSchema,
  processes: z.array(z.string()),
  /** With a group named `pid`. */
  pattern: z._default(textSchema, '^(?<pid>\\d+);'),
  interval: z._default(durationSchema, '60s'),
  /** So many intervals without a word are too many. */
  maxCount: z._default(positiveSchema, 3),
})

export const manifestSchema = z.strictObject({
  version: z.literal(1),
  name: bundleNameSchema,
  description: z._default(z.string(), ''),
  env: z._default(z.record(z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a variable name')), variableSchema), {}),
  files: z._default(z.record(nameSchema, fileSchema), {}),
  sockets: z._default(z.record(nameSchema, socketSchema), {}),
  processes: z._default(z.record(nameSchema, processSchema), {}),
  tasks: z._default(z.record(nameSchema, taskSchema), {}),
  /** A circus.ini whose watchers, sockets and plugins are added on the target. */
  circusIni: z.optional(textSchema),
  heartbeats: z._default(z.array(heartbeatSchema), []),
  /** Holds the supervisor's process id while it runs. */
  pidFile: z.optional(textSchema),
  exitPolicy: z._default(exitPolicySchema, 'essential'),
})

export type HookName = (typeof HOOK_NAMES)[number]
export type Manifest = z.infer<typeof manifestSchema>
/** As it is written: what has a default may be missing. */
export type ManifestInput = z.input<typeof manifestSchema>
export type VariableDeclaration = z.infer<typeof variableSchema>
export type FileDeclaration = z.infer<typeof fileSchema>
export type ProcessDeclaration = z.infer<typeof processSchema>
export type TaskDeclaration = z.infer<typeof taskSchema>
export type SocketDeclaration = z.infer<typeof socketSchema>
export type HeartbeatDeclaration = z.infer<typeof heartbeatSchema>
export type CheckDeclaration = z.infer<typeof startupSchema>
export type ReadyDeclaration = z.infer<typeof readySchema>
export type LivenessDeclaration = z.infer<typeof livenessSchema>
export type ScheduleDeclaration = z.infer<typeof scheduleSchema>
export type ResourcesDeclaration = z.infer<typeof resourcesSchema>
export type HookDeclaration = z.infer<typeof hookSchema>
export type DependencyDeclaration = z.infer<typeof dependencySchema>
export type StreamDeclaration = z.infer<typeof streamSchema>
export type ExitPolicy = z.infer<typeof exitPolicySchema>
