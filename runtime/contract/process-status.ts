// What the supervisor tells about its processes: states, status, explanations, events, results of commands. Schemas,
// because all of it goes over the control socket.

import * as z from 'zod/mini'

export const PROCESS_STATES = [
  'stopped',
  /** Wants to run: dependencies, a hook or its turn come first. */
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
  /** It has ended; what it has left behind is ended too. */
  'clearing',
  'backoff',
  'completed',
  'failed',
] as const
export type ProcessState = (typeof PROCESS_STATES)[number]

/** One instance of a process. */
export const processStatusSchema = z.strictObject({
  /** "web", or "web:2" where there may be several. */
  name: z.string(),
  process: z.string(),
  index: z.int(),
  state: z.enum(PROCESS_STATES),
  /** Why it is in this state, in words. */
  reason: z.string(),
  /** What it says of itself (STATUS= of sd_notify). */
  notice: z.string(),
  pid: z.nullable(z.int()),
  uptimeMs: z.nullable(z.number()),
  starts: z.int(),
  restarts: z.int(),
  crashes: z.int(),
  lastExit: z.nullable(z.string()),
  nextStartInMs: z.nullable(z.number()),
})
export type ProcessStatus = z.infer<typeof processStatusSchema>

/** Why an instance is in its state, in full. */
export const explanationSchema = z.strictObject({
  ...processStatusSchema.shape,
  /** Somebody wants it to run. */
  wanted: z.boolean(),
  waitingFor: z.array(z.strictObject({ process: z.string(), condition: z.string(), state: z.string() })),
  neededBy: z.array(z.string()),
  /** The latest lines of the run that failed. */
  lastOutput: z.array(z.string()),
  /** All of the above as sentences. */
  sentences: z.array(z.string()),
})
export type Explanation = z.infer<typeof explanationSchema>

export const supervisorEventSchema = z.strictObject({
  sequence: z.int(),
  atEpochMs: z.number(),
  kind: z.enum(['state', 'spawn', 'exit', 'signal', 'scale', 'reload', 'plan', 'notice']),
  /** Empty for what concerns the bundle as a whole. */
  process: z.string(),
  index: z.int(),
  pid: z.nullable(z.int()),
  /** Only of `state`. */
  state: z.nullable(z.enum(PROCESS_STATES)),
  text: z.string(),
})
export type SupervisorEvent = z.infer<typeof supervisorEventSchema>

export const commandResultSchema = z.strictObject({
  process: z.string(),
  /** `overridden`: a later command for the same process took its place. */
  outcome: z.enum(['done', 'overridden', 'failed']),
  reason: z.string(),
})
export type CommandResult = z.infer<typeof commandResultSchema>

/** What a new plan means for the running bundle: names of processes; sockets with "socket " before them. */
export const planChangeSchema = z.strictObject({
  added: z.array(z.string()),
  changed: z.array(z.string()),
  scaled: z.array(z.string()),
  removed: z.array(z.string()),
  kept: z.array(z.string()),
})
export type PlanChange = z.infer<typeof planChangeSchema>
