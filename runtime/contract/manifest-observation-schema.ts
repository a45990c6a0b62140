// How a process is watched: what it is asked, what it may use, where its output goes, when it runs.

import * as z from 'zod/mini'
import { actionSchema, commandSchema, countSchema, durationSchema, positiveSchema, sizeSchema, textSchema, triesSchema } from './manifest-value-schema.ts'
import { parseSizeBytes } from './quantity.ts'

/** The ways to ask a process something; a check holds exactly one of them. */
const CHECK_KEYS = {
  tcp: z.optional(textSchema),
  unix: z.optional(textSchema),
  http: z.optional(textSchema),
  exec: z.optional(commandSchema),
}

/** Exactly one of `tcp`, `unix`, `http`, `exec`, `logLine`, `notify`, `fd` and `path`. */
export const startupSchema = z.strictObject({
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
export const readySchema = z.strictObject({
  ...startupSchema.shape,
  /** Asked again this often once it was ready; without it readiness is for good. */
  recheck: z.optional(durationSchema),
  failureThreshold: z._default(positiveSchema, 3),
})

/** Exactly one of `tcp`, `unix`, `http`, `exec`, `redis` and `watchdog`. */
export const livenessSchema = z.strictObject({
  ...CHECK_KEYS,
  /** host:port or /path where PING is answered. */
  redis: z.optional(textSchema),
  /** WATCHDOG=1 at $NOTIFY_SOCKET at least this often. */
  watchdog: z.optional(durationSchema),
  interval: z._default(durationSchema, '10s'),
  timeout: z._default(durationSchema, '5s'),
  initialDelay: z._default(durationSchema, '0s'),
  failureThreshold: z._default(positiveSchema, 3),
  action: z._default(actionSchema, 'restart'),
})

export const flappingSchema = z.strictObject({
  attempts: z._default(positiveSchema, 2),
  window: z._default(durationSchema, '1s'),
  retryIn: z._default(durationSchema, '7s'),
  maxRetry: z._default(triesSchema, 5),
})

const memorySchema = z
  .string()
  .check(z.refine((text) => /^\d+(?:\.\d+)?%$/.test(text) || parseSizeBytes(text) !== undefined, 'a size such as 512MiB, or a share such as 10%'))
/** Memory is the sum of the resident sizes, CPU a percentage of one processor. */
export const resourcesSchema = z.strictObject({
  maxMemory: z.optional(memorySchema),
  minMemory: z.optional(memorySchema),
  maxCpu: z.optional(z.number().check(z.nonnegative('0 or more'))),
  minCpu: z.optional(z.number().check(z.nonnegative('0 or more'))),
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

export const hookSchema = z.strictObject({ command: commandSchema, ignoreFailure: z._default(z.boolean(), false), timeout: z._default(durationSchema, '10s') })

/** `log`: with all others on our stdout. */
export const streamSchema = z.union(
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

export const logSchema = z.strictObject({
  lineMax: z._default(sizeSchema, '64KiB'),
  partialTimeout: z._default(durationSchema, '2s'),
  /** `auto`: kept on a terminal, removed elsewhere. */
  ansi: z._default(z.enum(['auto', 'keep', 'strip']), 'auto'),
  /** What happens when nobody takes our output any more: lines are dropped and counted, or the process waits. */
  onSlow: z._default(z.enum(['drop', 'block']), 'drop'),
})

/** Exactly one of `cron` and `interval`. */
export const scheduleSchema = z.strictObject({
  cron: z.optional(textSchema),
  interval: z.optional(durationSchema),
  /** Of `cron`, such as Europe/Berlin; without it that of the machine. */
  timeZone: z.optional(textSchema),
  runOnStart: z._default(z.boolean(), false),
})
