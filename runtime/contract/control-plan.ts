// A plan as people and programs may see it: every value filled in, secrets masked.

import * as z from 'zod/mini'

const processViewSchema = z.strictObject({
  name: z.string(),
  numprocesses: z.int(),
  hash: z.string(),
  /** Of its first instance, as everything below. */
  command: z.array(z.string()),
  environment: z.record(z.string(), z.string()),
  workingDir: z.string(),
  user: z.nullable(z.string()),
  dependsOn: z.array(z.string()),
  ready: z.nullable(z.string()),
  readyDeadlineMs: z.nullable(z.number()),
  restart: z.string(),
  stop: z.string(),
  sockets: z.array(z.string()),
  schedule: z.nullable(z.string()),
  notes: z.array(z.string()),
})
export type ProcessView = z.infer<typeof processViewSchema>

export const planViewSchema = z.strictObject({
  /** Names that start together, each wave after the one before. */
  waves: z.array(z.array(z.string())),
  processes: z.array(processViewSchema),
  tasks: z.array(z.strictObject({ name: z.string(), command: z.array(z.string()), dependsOn: z.array(z.string()) })),
  sockets: z.array(z.strictObject({ name: z.string(), kind: z.string(), address: z.string() })),
  exitPolicy: z.string(),
  /** At most so long, everything together. */
  stopDeadlineMs: z.number(),
})
export type PlanView = z.infer<typeof planViewSchema>
