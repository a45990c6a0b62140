// What the supervisor tells about itself, as the control socket transmits it. The routes are in control-routes.ts.

import * as z from 'zod/mini'

export const CONTROL_VERSION = 1

export { PROCESS_STATES } from './process-status.ts'
export type { ProcessState, ProcessStatus } from './process-status.ts'

const bundleStatusSchema = z.strictObject({
  version: z.literal(CONTROL_VERSION),
  name: z.string(),
  instance: z.string(),
  pid: z.int(),
  stopping: z.boolean(),
  uptimeMs: z.number(),
  linesDropped: z.int(),
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

export const logBatchSchema = z.strictObject({ process: z.string(), stream: z.enum(['out', 'err']), lines: z.array(z.string()) })
export type LogBatch = z.infer<typeof logBatchSchema>
