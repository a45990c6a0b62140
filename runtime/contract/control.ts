// What the supervisor tells about itself, as the control socket transmits it. The routes are in control-routes.ts.

import * as z from 'zod/mini'

export const CONTROL_VERSION = 1

export const PROCESS_STATES = [
  'stopped',
  /** Wants to run: its dependencies, a hook of the process or its turn come first. */
  'waiting',
  /** Runs at its time. */
  'scheduled',
  /** Runs at the first connection. */
  'listening',
  /** Its hook beforeSpawn runs. */
  'preparing',
  'starting',
  /** Its program runs; it is not ready, not yet or not any more. */
  'running',
  'ready',
  'stopping',
  /** It has ended; what it has left behind is ended, too. */
  'clearing',
  'backoff',
  'completed',
  'failed',
] as const
export type ProcessState = (typeof PROCESS_STATES)[number]
const stateSchema = z.enum(PROCESS_STATES)

/** What instances and processes have in common. A process of several instances shows the state that says most. */
const STANDING_KEYS = {
  state: stateSchema,
  /** Why it is in this state, in words; empty when the state says all. */
  reason: z.string(),
  /** Of a process: only when it has exactly one instance that runs. */
  pid: z.nullable(z.int()),
  uptimeMs: z.nullable(z.number()),
  restarts: z.int(),
  lastExit: z.nullable(z.string()),
  nextStartInMs: z.nullable(z.number()),
}

const instanceStatusSchema = z.strictObject({
  /** NAME, or NAME:INDEX when there are several. */
  label: z.string(),
  index: z.int(),
  ...STANDING_KEYS,
  /** STATUS= of sd_notify. */
  statusText: z.nullable(z.string()),
})
export type InstanceStatus = z.infer<typeof instanceStatusSchema>

const countersSchema = z.strictObject({
  starts: z.int(),
  /** By itself: after a crash, because of its health, its limits or its age. */
  restarts: z.int(),
  crashes: z.int(),
  lines: z.int(),
  bytes: z.int(),
  linesTruncated: z.int(),
  linesDropped: z.int(),
})
export type ProcessCounters = z.infer<typeof countersSchema>

export const processStatusSchema = z.strictObject({
  name: z.string(),
  ...STANDING_KEYS,
  numprocesses: z.int(),
  /** Somebody wants it to run: a command, a dependent, or its own declaration. */
  wanted: z.boolean(),
  /** Digest of its specification. */
  hash: z.string(),
  instances: z.array(instanceStatusSchema),
  counters: countersSchema,
})
export type ProcessStatus = z.infer<typeof processStatusSchema>

export const bundleStatusSchema = z.strictObject({
  version: z.literal(CONTROL_VERSION),
  name: z.string(),
  instance: z.string(),
  pid: z.int(),
  stopping: z.boolean(),
  uptimeMs: z.number(),
  linesDropped: z.int(),
  /** Of the latest event. */
  cursor: z.int(),
  processes: z.array(processStatusSchema),
})
export type BundleStatus = z.infer<typeof bundleStatusSchema>

/** Why a process is in its state. */
export const explanationSchema = z.strictObject({
  name: z.string(),
  /** One sentence. */
  summary: z.string(),
  status: processStatusSchema,
  waitingFor: z.array(z.strictObject({ process: z.string(), condition: z.string(), state: stateSchema, met: z.boolean() })),
  neededBy: z.array(z.string()),
  /** What happens when it ends, in words. */
  restartPolicy: z.string(),
  /** The latest changes of state, oldest first. */
  changes: z.array(z.strictObject({ atMs: z.number(), label: z.string(), from: stateSchema, to: stateSchema, reason: z.string() })),
  /** The latest lines that it wrote. */
  lastLines: z.array(z.string()),
})
export type Explanation = z.infer<typeof explanationSchema>

export const EVENT_KINDS = [
  /** An instance is in another state. */
  'state',
  'spawned',
  'exited',
  /** A check, a limit, a hook. */
  'health',
  'hook',
  /** Processes were added, removed, changed, scaled. */
  'added',
  'removed',
  'changed',
  'scaled',
  /** The bundle as a whole: started, ready, reloaded, stopping. */
  'bundle',
] as const

export const supervisorEventSchema = z.strictObject({
  /** Events are numbered through; the next one has a greater number. */
  cursor: z.int(),
  /** Since 1970. */
  atMs: z.number(),
  kind: z.enum(EVENT_KINDS),
  process: z.nullable(z.string()),
  /** NAME or NAME:INDEX. */
  label: z.nullable(z.string()),
  state: z.nullable(stateSchema),
  pid: z.nullable(z.int()),
  /** In words, as the supervisor would say it. */
  text: z.string(),
})
export type SupervisorEvent = z.infer<typeof supervisorEventSchema>

/** What became of the instances that a command was about; every list holds pids. */
export const commandResultSchema = z.strictObject({
  started: z.array(z.int()),
  kept: z.array(z.int()),
  stopped: z.array(z.int()),
  failed: z.array(z.strictObject({ label: z.string(), reason: z.string() })),
})
export type CommandResult = z.infer<typeof commandResultSchema>

/** Names of processes. */
export const planChangeSchema = z.strictObject({
  added: z.array(z.string()),
  changed: z.array(z.string()),
  scaled: z.array(z.string()),
  removed: z.array(z.string()),
  kept: z.array(z.string()),
})
export type PlanChange = z.infer<typeof planChangeSchema>

export const socketStatusSchema = z.strictObject({
  name: z.string(),
  kind: z.enum(['tcp', 'udp', 'unix', 'unixgram']),
  /** HOST:PORT with the real port, or a path. */
  address: z.string(),
  isOpen: z.boolean(),
  processes: z.array(z.string()),
})
export type SocketStatus = z.infer<typeof socketStatusSchema>

/** Lines of one stream of one instance, in the order of their arrival. */
export const logBatchSchema = z.strictObject({
  process: z.string(),
  /** NAME, or NAME:INDEX. */
  label: z.string(),
  index: z.int(),
  stream: z.enum(['out', 'err']),
  pid: z.nullable(z.int()),
  /** Since 1970. */
  timeMs: z.number(),
  /** Number of the first line among those of its stream. A gap is what was skipped. */
  firstLine: z.int(),
  lines: z.array(z.string()),
})
export type LogBatch = z.infer<typeof logBatchSchema>
