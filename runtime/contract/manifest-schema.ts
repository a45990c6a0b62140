// The manifest, version 1, as a schema: one declaration for types, validation and defaults.
// What a schema cannot say (references, cycles, secrets) is in manifest-checks.ts.

import * as z from 'zod/mini'
import { parseDurationMs, parseSizeBytes } from './quantity.ts'

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

const sizeSchema = z.string().check(z.refine((text) => parseSizeBytes(text) !== undefined, 'a size such as 64KiB or 10MB'))
const signalSchema = z.string().check(z.regex(/^SIG[A-Z][A-Z0-9]+$/, 'a signal name such as SIGTERM'))
const countSchema = z.int('a whole number').check(z.nonnegative('0 or more'))
const positiveSchema = z.int('a whole number').check(z.positive('1 or more'))
/** -1: without end, as circus writes it. */
const triesSchema = z.int('a whole number').check(z.gte(-1, '-1 or more'))
const octalSchema = z.string().check(z.regex(/^0?[0-7]{3}$/, 'three octal digits such as 022'))
const EXIT_STATUS = 'an exit status from 0 to 255'
const exitSchema = z.union([z.int().check(z.gte(0, EXIT_STATUS), z.lte(255, EXIT_STATUS)), signalSchema], `${EXIT_STATUS}, or a signal name`)
/** What is done about a process that runs but should not go on like this. */
const actionSchema = z.union([z.literal('restart'), z.strictObject({ signal: signalSchema })], '"restart" or { "signal": NAME }')

/** The ways to ask a process something; a check holds exactly one of them. */
const CHECK_KEYS = {
  tcp: z.optional(textSchema),
  unix: z.optional(textSchema),
  http: z.optional(textSchema),
  exec: z.optional(commandSchema),
}

/** Exactly one of `tcp`, `unix`, `http`, `exec`, `logLine`, `notify`, `fd` and `path`. */
const startupSchema = z.strictObject({
  ...CHECK_KEYS,
  logLine: z.optional(z.string()),
  /** READY=1 at $NOTIFY_SOCKET (sd_notify). */
  notify: z.optional(z.literal(true)),
  /** A line feed on this descriptor (s6's notification-fd). */
  fd: z.optional(z.int('a descriptor').check(z.gte(3, '3 or more'), z.lte(255, '255 or less'))),
  /** A file or socket that appears. */
  path: z.optional(textSchema),
  interval: z._default(durationSchema, '50ms'),
  timeout: z._default(durationSchema, '60s'),
})
const readySchema = z.strictObject({
  ...startupSchema.shape,
  /** Asked again this often once it was ready; without it readiness is for good. */
  recheck: z.optional(durationSchema),
  failureThreshold: z._default(positiveSchema, 3),
})

/** Exactly one of `tcp`, `unix`, `http`, `exec` and `watchdog`. */
const livenessSchema = z.strictObject({
  ...CHECK_KEYS,
  /** WATCHDOG=1 at $NOTIFY_SOCKET at least this often. */
  watchdog: z.optional(durationSchema),
  interval: z._default(durationSchema, '10s'),
  timeout: z._default(durationSchema, '5s'),
  initialDelay: z._default(durationSchema, '0s'),
  failureThreshold: z._default(positiveSchema, 3),
  action: z._default(actionSchema, 'restart'),
})

const flappingSchema = z.strictObject({
  attempts: z._default(positiveSchema, 2),
  window: z._default(durationSchema, '1s'),
  retryIn: z._default(durationSchema, '7s'),
  maxRetry: z._default(triesSchema, 5),
})

const memorySchema = z
  .string()
  .check(z.refine((text) => /^\d+(?:\.\d+)?%$/.test(text) || parseSizeBytes(text) !== undefined, 'a size such as 512MiB, or a share such as 10%'))
/** Memory is the sum of the resident sizes, CPU a percentage of one processor. */
const resourcesSchema = z.strictObject({
  maxMemory: z.optional(memorySchema),
  minMemory: z.optional(memorySchema),
  maxCpu: z.optional(z.number().check(z.nonnegative())),
  minCpu: z.optional(z.number().check(z.nonnegative())),
  interval: z._default(durationSchema, '10s'),
  /** Acted upon after so many breaches in a row. */
  maxCount: z._default(positiveSchema, 3),
  /** Counts descendants, too. */
  children: z._default(z.boolean(), true),
  action: z._default(actionSchema, 'restart'),
})

export const HOOK_NAMES = [
  'beforeStart',
  'afterStart',
  'beforeSpawn',
  'afterSpawn',
  'beforeStop',
  'afterStop',
  'beforeSignal',
  'afterSignal',
  'beforeReap',
  'afterReap',
  'extendedStats',
] as const
export type HookName = (typeof HOOK_NAMES)[number]

const hookSchema = z.strictObject({ command: commandSchema, ignoreFailure: z._default(z.boolean(), false), timeout: z._default(durationSchema, '10s') })

/** `log`: with all others on our stdout. */
const streamSchema = z.union(
  [
    z.enum(['log', 'null']),
    z.strictObject({
      file: textSchema,
      maxBytes: z.optional(sizeSchema),
      backupCount: z._default(countSchema, 0),
      rotateWhen: z.optional(z.enum(['S', 'M', 'H', 'D', 'W0', 'W1', 'W2', 'W3', 'W4', 'W5', 'W6', 'midnight'])),
      rotateInterval: z._default(positiveSchema, 1),
      /** strftime's letters; each line then begins "TIME [PID] | ". */
      timeFormat: z.optional(textSchema),
      utc: z._default(z.boolean(), false),
    }),
  ],
  '"log", "null" or { "file": PATH, ... }',
)

const logSchema = z.strictObject({
  lineMax: z._default(sizeSchema, '64KiB'),
  partialTimeout: z._default(durationSchema, '2s'),
  /** `auto`: kept on a terminal, removed elsewhere. */
  ansi: z._default(z.enum(['auto', 'keep', 'strip']), 'auto'),
  /** What happens when nobody takes our output any more: lines are dropped and counted, or the process waits. */
  onSlow: z._default(z.enum(['drop', 'block']), 'drop'),
})

/** Exactly one of `cron` and `interval`. */
const scheduleSchema = z.strictObject({
  cron: z.optional(textSchema),
  interval: z.optional(durationSchema),
  /** Of `cron`, such as Europe/Berlin; without it that of the machine. */
  timeZone: z.optional(textSchema),
  runOnStart: z._default(z.boolean(), false),
})

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

const dependencySchema = z.union(
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

const processSchema = z.strictObject({
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
const taskSchema = z.strictObject({
  ...RUN_KEYS,
  dependsOn: z._default(z.record(z.string(), dependencySchema), {}),
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
