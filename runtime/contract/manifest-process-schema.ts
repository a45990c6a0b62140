// Declared processes and tasks.

import * as z from 'zod/mini'
import {
  HOOK_NAMES,
  flappingSchema,
  hookSchema,
  livenessSchema,
  logSchema,
  readySchema,
  resourcesSchema,
  scheduleSchema,
  startupSchema,
  streamSchema,
} from './manifest-observation-schema.ts'
import { commandSchema, countSchema, durationSchema, exitSchema, octalSchema, signalSchema, textSchema, triesSchema } from './manifest-value-schema.ts'

export const RLIMIT_NAMES = [
  'as',
  'core',
  'cpu',
  'data',
  'fsize',
  'locks',
  'memlock',
  'msgqueue',
  'nice',
  'nofile',
  'nproc',
  'rss',
  'rtprio',
  'rttime',
  'sigpending',
  'stack',
] as const
const rlimitSchema = z.union(
  [countSchema, z.string().check(z.regex(/^(?:\d+|unlimited)(?::(?:\d+|unlimited))?$/, 'a limit'))],
  'a number, "unlimited" or "SOFT:HARD"',
)

export const dependencySchema = z.union(
  [
    z.enum(['started', 'ready', 'completed_successfully']),
    z.strictObject({
      condition: z._default(z.enum(['started', 'ready', 'completed_successfully']), 'ready'),
      /** Whoever depends on it like this is restarted with it. */
      restart: z._default(z.boolean(), false),
    }),
  ],
  '"started", "ready", "completed_successfully" or { "condition": ..., "restart": ... }',
)

const accountSchema = z.union([textSchema, countSchema], 'a name or a number')

/** What a command needs to run at all: processes and tasks share it. */
const RUN_KEYS = {
  description: z._default(z.string(), ''),
  command: commandSchema,
  /** The file that is executed, when argv[0] says something else. */
  program: z.optional(textSchema),
  environment: z._default(z.record(z.string().check(z.regex(/^[^=\0]+$/, 'a variable name')), textSchema), {}),
  copyEnv: z._default(z.boolean(), false),
  workingDirectory: z.optional(textSchema),
  /** A name or a number, resolved on the target. */
  user: z.optional(accountSchema),
  group: z.optional(accountSchema),
  groups: z.optional(z.array(accountSchema)),
  umask: z.optional(octalSchema),
  nice: z.optional(z.int('a whole number').check(z.gte(-20, '-20 or more'), z.lte(19, '19 or less'))),
  oomScoreAdj: z.optional(z.int('a whole number').check(z.gte(-1000, '-1000 or more'), z.lte(1000, '1000 or less'))),
  rlimits: z._default(z.partialRecord(z.enum(RLIMIT_NAMES), rlimitSchema), {}),
}

export const processSchema = z.strictObject({
  ...RUN_KEYS,
  numprocesses: z._default(countSchema.check(z.lte(1000, 'at most 1000')), 1),
  singleton: z._default(z.boolean(), false),
  autostart: z._default(z.boolean(), true),
  /** Ends when its work is done; others wait for that with `completed_successfully`. */
  oneshot: z._default(z.boolean(), false),
  /** Started at the first connection to one of its sockets. */
  onDemand: z._default(z.boolean(), false),
  /** Within a wave the larger ones start first. */
  priority: z._default(z.int('a whole number'), 0),
  /** Between the starts of two instances. */
  warmupDelay: z._default(durationSchema, '0s'),
  dependsOn: z._default(z.record(z.string(), dependencySchema), {}),
  startup: z.optional(startupSchema),
  ready: z.optional(readySchema),
  liveness: z.optional(livenessSchema),
  restart: z._default(z.enum(['always', 'on-failure', 'never']), 'on-failure'),
  successStatuses: z._default(z.array(exitSchema), [0]),
  /** Restarted, respectively not restarted, after these, whatever the policy says. */
  restartStatuses: z._default(z.array(exitSchema), []),
  preventStatuses: z._default(z.array(exitSchema), []),
  /** Restarted when one of these files is another one than it was (circus' command_reloader). */
  restartOnChange: z._default(z.array(textSchema), []),
  restartDelay: z._default(durationSchema, '100ms'),
  restartDelayMax: z._default(durationSchema, '30s'),
  /** -1: it never gives up. */
  restartBurst: z._default(triesSchema, 5),
  restartWindow: z._default(durationSchema, '60s'),
  /** circus' way to give up, instead of restartBurst. */
  flapping: z.optional(flappingSchema),
  /** Of starts that fail before the program runs. */
  maxRetry: z._default(triesSchema, 5),
  maxAge: z.optional(durationSchema),
  maxAgeVariance: z._default(durationSchema, '30s'),
  resources: z.optional(resourcesSchema),
  stopSignal: z._default(signalSchema, 'SIGTERM'),
  /** Instead of stopSignal: one after the other, each with its time; SIGKILL always is the last. */
  stopSignals: z.optional(z.array(z.strictObject({ signal: signalSchema, wait: durationSchema })).check(z.minLength(1, 'at least one signal'))),
  /** The stop signal goes to the whole process group, not to the process alone. */
  stopChildren: z._default(z.boolean(), true),
  gracefulTimeout: z._default(durationSchema, '10s'),
  reload: z._default(
    z.union([z.enum(['graceful', 'sequential']), z.strictObject({ signal: signalSchema })], '"graceful", "sequential" or { "signal": NAME }'),
    'graceful',
  ),
  hooks: z._default(z.partialRecord(z.enum(HOOK_NAMES), hookSchema), {}),
  /** Names of `sockets`, passed from descriptor 3 on in this order. */
  sockets: z._default(z.array(z.string()), []),
  stdin: z._default(z.union([z.literal('null'), z.strictObject({ socket: z.string() })], '"null" or { "socket": NAME }'), 'null'),
  stdout: z._default(streamSchema, 'log'),
  stderr: z._default(streamSchema, 'log'),
  log: z._default(logSchema, logSchema.parse({})),
  schedule: z.optional(scheduleSchema),
  essential: z._default(z.boolean(), true),
})

/** Run by command, with whatever they depend on running. */
export const taskSchema = z.strictObject({
  ...RUN_KEYS,
  dependsOn: z._default(z.record(z.string(), dependencySchema), {}),
})
