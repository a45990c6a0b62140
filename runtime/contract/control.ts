// Messages of the control socket: HTTP paths, JSON bodies. Server and client share these types and nothing else.

import * as z from 'zod/mini'
import type { ErrorCode } from './errors.ts'

export const CONTROL_VERSION = 1

export const CONTROL_PATHS = {
  status: '/v1/status',
  logs: '/v1/logs',
  down: '/v1/down',
  start: '/v1/start',
  stop: '/v1/stop',
  restart: '/v1/restart',
} as const

export const PROCESS_STATES = ['stopped', 'waiting', 'starting', 'running', 'ready', 'stopping', 'clearing', 'backoff', 'completed', 'failed'] as const
export type ProcessState = (typeof PROCESS_STATES)[number]

const processStatusSchema = z.strictObject({
  name: z.string(),
  state: z.enum(PROCESS_STATES),
  /** Why it is in this state, in words. */
  reason: z.string(),
  pid: z.nullable(z.int()),
  uptimeMs: z.nullable(z.number()),
  restarts: z.int(),
  lastExit: z.nullable(z.string()),
  nextStartInMs: z.nullable(z.number()),
})
export type ProcessStatus = z.infer<typeof processStatusSchema>

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

const logBatchSchema = z.strictObject({ process: z.string(), stream: z.enum(['out', 'err']), lines: z.array(z.string()) })
export type LogBatch = z.infer<typeof logBatchSchema>

/** Body of start, stop and restart; no names mean every process. */
export const processSelectionSchema = z.strictObject({ processes: z._default(z.array(z.string()), []) })
export type ProcessSelection = z.infer<typeof processSelectionSchema>

const acceptedSchema = z.strictObject({ pid: z.int() })
export type Accepted = z.infer<typeof acceptedSchema>

const failureSchema = z.strictObject({
  ok: z.literal(false),
  error: z.strictObject({ code: z.string(), message: z.string(), hint: z.optional(z.string()) }),
})
export type ControlFailure = {
  readonly ok: false
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly hint?: string }
}

const replySchema = <Value extends z.ZodMiniType>(value: Value) => z.discriminatedUnion('ok', [z.strictObject({ ok: z.literal(true), value }), failureSchema])

export const statusReplySchema = replySchema(bundleStatusSchema)
export const acceptedReplySchema = replySchema(acceptedSchema)
export { logBatchSchema }
