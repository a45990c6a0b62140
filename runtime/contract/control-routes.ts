// Every route of the control socket, declared once: the server answers, the client calls and docs/openapi.json
// describes what is in this table.

import * as z from 'zod/mini'
import {
  bundleStatusSchema,
  commandResultSchema,
  explanationSchema,
  logBatchSchema,
  planChangeSchema,
  socketStatusSchema,
  supervisorEventSchema,
} from './control.ts'
import { planViewSchema } from './control-plan.ts'
import { statsSchema } from './control-stats.ts'

const PREFIX = '/v1'

/** Of a text that may name several processes: NAME, NAME:INDEX, or a pattern of * and ?; none mean every process. */
const nameSchema = z.string().check(z.maxLength(200, 'at most 200 characters'))
const namesSchema = z._default(z.array(nameSchema).check(z.maxLength(1000)), [])
const signalSchema = z.string().check(z.regex(/^(?:(?:SIG)?[A-Za-z][A-Za-z0-9+-]*|\d{1,2})$/, 'a signal'))
const durationMsSchema = z.number().check(z.nonnegative(), z.lte(2_147_483_647))
const optionsSchema = z.record(z.string(), z.json())

/** Answered when all is done, or at once. */
const WAIT = { wait: z._default(z.boolean(), true) }
const SELECTION = { processes: namesSchema, ...WAIT }
const STOP = { ...SELECTION, signal: z.optional(signalSchema), gracefulTimeoutMs: z.optional(durationMsSchema) }

/** `done` is false when nobody waited: then the lists are empty. */
const commandReplySchema = z.strictObject({ pid: z.int(), done: z.boolean(), ...commandResultSchema.shape })
export type CommandReply = z.infer<typeof commandReplySchema>

const acceptedSchema = z.strictObject({ pid: z.int() })

/** Whose numbers the pid is one of; left out where that is unknown. */
const stoppingSchema = z.strictObject({ pid: z.int(), pidNamespace: z.optional(z.string()) })

const taskLinesSchema = z.strictObject({ stream: z.enum(['out', 'err']), lines: z.array(z.string()) })

const runSchema = z.strictObject({
  environment: z.record(z.string(), z.string()),
  workingDir: z.string(),
  identity: z.nullable(z.strictObject({ uid: z.int(), gid: z.int(), groups: z.array(z.int()) })),
  umask: z.nullable(z.int()),
  nice: z.nullable(z.int()),
  oomScoreAdj: z.nullable(z.int()),
  rlimits: z.array(z.string()),
})
export type RunView = z.infer<typeof runSchema>

const noneSchema = z.strictObject({})

type Schema = z.core.$ZodType

/** GET takes its request from the query, POST from a JSON body. */
export type RouteDeclaration = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly description: string
  readonly request: Schema
  readonly reply: Schema
}

/** Answered by server-sent events: the name of each kind and what its data is. */
export type StreamDeclaration = Omit<RouteDeclaration, 'reply'> & { readonly events: Readonly<Record<string, Schema>> }

export const ROUTES = {
  status: { method: 'GET', path: `${PREFIX}/status`, description: 'the bundle and all its processes', request: noneSchema, reply: bundleStatusSchema },
  explain: {
    method: 'GET',
    path: `${PREFIX}/explain`,
    description: 'why a process is in its state',
    request: z.strictObject({ process: nameSchema }),
    reply: explanationSchema,
  },
  stats: {
    method: 'GET',
    path: `${PREFIX}/stats`,
    description: 'processor time, memory and age of every instance with all that it started',
    request: z.strictObject({ processes: namesSchema, extended: z._default(z.boolean(), false) }),
    reply: statsSchema,
  },
  sockets: { method: 'GET', path: `${PREFIX}/sockets`, description: 'the declared sockets', request: noneSchema, reply: z.array(socketStatusSchema) },
  plan: { method: 'GET', path: `${PREFIX}/plan`, description: 'what is run and how; secrets are masked', request: noneSchema, reply: planViewSchema },
  options: {
    method: 'GET',
    path: `${PREFIX}/options`,
    description: 'the declaration of a process, with every default; secrets are masked',
    request: z.strictObject({ process: nameSchema }),
    reply: optionsSchema,
  },
  preview: {
    method: 'GET',
    path: `${PREFIX}/config/preview`,
    description: 'what reading the configuration again would change; secrets are masked',
    request: noneSchema,
    reply: z.strictObject({ change: planChangeSchema, files: z.array(z.strictObject({ name: z.string(), diff: z.string() })) }),
  },
  execPlan: {
    method: 'GET',
    path: `${PREFIX}/exec/plan`,
    description: 'how a program is run beside a process, or beside all of them; not masked, as a program needs the real values',
    request: z.strictObject({ process: z.optional(nameSchema) }),
    reply: z.strictObject({ run: runSchema, programDirs: z.array(z.string()), fifosDir: z.string() }),
  },
  start: { method: 'POST', path: `${PREFIX}/start`, description: 'start processes', request: z.strictObject(SELECTION), reply: commandReplySchema },
  stop: { method: 'POST', path: `${PREFIX}/stop`, description: 'stop processes, in reverse order', request: z.strictObject(STOP), reply: commandReplySchema },
  restart: { method: 'POST', path: `${PREFIX}/restart`, description: 'stop and start processes', request: z.strictObject(STOP), reply: commandReplySchema },
  reload: {
    method: 'POST',
    path: `${PREFIX}/reload`,
    description: 'replace the instances of processes by new ones',
    request: z.strictObject({ ...SELECTION, mode: z._default(z.enum(['declared', 'graceful', 'sequential', 'terminate']), 'declared') }),
    reply: commandReplySchema,
  },
  signal: {
    method: 'POST',
    path: `${PREFIX}/signal`,
    description: 'send a signal to processes; the reply names the pids that got it',
    request: z.strictObject({
      processes: namesSchema,
      signal: signalSchema,
      children: z._default(z.boolean(), false),
      recursive: z._default(z.boolean(), false),
      pid: z.optional(z.int()),
    }),
    reply: z.strictObject({ pids: z.array(z.int()) }),
  },
  scale: {
    method: 'POST',
    path: `${PREFIX}/scale`,
    description: 'run this many instances of a process, or so many more (less: negative)',
    request: z.strictObject({ process: nameSchema, numprocesses: z.optional(z.int().check(z.gte(0), z.lte(1000))), by: z.optional(z.int()), ...WAIT }),
    reply: z.strictObject({ numprocesses: z.int(), ...commandReplySchema.shape }),
  },
  add: {
    method: 'POST',
    path: `${PREFIX}/add`,
    description: 'declare another process; `declaration` has the form that the manifest has',
    request: z.strictObject({ name: nameSchema, declaration: optionsSchema, start: z._default(z.boolean(), false), ...WAIT }),
    reply: commandReplySchema,
  },
  remove: {
    method: 'POST',
    path: `${PREFIX}/remove`,
    description: 'forget processes; `keepRunning` leaves what runs alone until the bundle ends',
    request: z.strictObject({ ...SELECTION, keepRunning: z._default(z.boolean(), false) }),
    reply: commandReplySchema,
  },
  set: {
    method: 'POST',
    path: `${PREFIX}/set`,
    description: 'change the declaration of a process while it runs; the process is reloaded when that is needed',
    request: z.strictObject({ process: nameSchema, options: optionsSchema, ...WAIT }),
    reply: commandReplySchema,
  },
  applyConfig: {
    method: 'POST',
    path: `${PREFIX}/config/reload`,
    description: 'read environment file, manifest and circus.ini again, and restart what they change',
    request: noneSchema,
    reply: planChangeSchema,
  },
  reopenLogs: { method: 'POST', path: `${PREFIX}/logs/reopen`, description: 'open the log files again', request: noneSchema, reply: acceptedSchema },
  down: { method: 'POST', path: `${PREFIX}/down`, description: 'stop everything and end', request: noneSchema, reply: stoppingSchema },
} as const satisfies Readonly<Record<string, RouteDeclaration>>

export const STREAMS = {
  logs: {
    method: 'GET',
    path: `${PREFIX}/logs`,
    description: 'the latest lines of processes, and what follows; the id of an event is what `since` takes',
    request: z.strictObject({
      processes: namesSchema,
      follow: z._default(z.boolean(), false),
      /** Only so many, the latest. */
      lines: z.optional(z.int().check(z.gte(0), z.lte(1_000_000))),
      since: z.optional(z.int().check(z.gte(0))),
    }),
    /** `skipped`: this many lines, because they are more than the reader could take. */
    events: { message: logBatchSchema, skipped: z.int() },
  },
  events: {
    method: 'GET',
    path: `${PREFIX}/events`,
    description: 'what happens to the processes, from the event behind `since` on; without it, from now on',
    request: z.strictObject({ processes: namesSchema, since: z.optional(z.int().check(z.gte(0))), follow: z._default(z.boolean(), true) }),
    /** `missed`: some events are no longer known, or the reader was too slow. */
    events: { message: supervisorEventSchema, missed: z.strictObject({}) },
  },
  runTask: {
    method: 'POST',
    path: `${PREFIX}/tasks/run`,
    description: 'run a task, with what it depends on; it is ended when the connection is',
    request: z.strictObject({ task: nameSchema, words: z._default(z.array(z.string()), []) }),
    events: {
      spawned: z.strictObject({ pid: z.int() }),
      message: taskLinesSchema,
      failed: z.strictObject({ code: z.string(), message: z.string() }),
      exit: z.strictObject({ status: z.int() }),
    },
  },
} as const satisfies Readonly<Record<string, StreamDeclaration>>

export type RouteName = keyof typeof ROUTES
export type StreamName = keyof typeof STREAMS
export type Request<Name extends RouteName> = z.infer<(typeof ROUTES)[Name]['request']>
export type Reply<Name extends RouteName> = z.infer<(typeof ROUTES)[Name]['reply']>
export type StreamRequest<Name extends StreamName> = z.infer<(typeof STREAMS)[Name]['request']>

/** Every reply is one of these two. */
export type ControlFailure = {
  readonly ok: false
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string }
}
export const failureSchema = z.strictObject({
  ok: z.literal(false),
  error: z.strictObject({ code: z.string(), message: z.string(), hint: z.optional(z.string()) }),
})
