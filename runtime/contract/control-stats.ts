// What instances cost: each with everything that it started.

import * as z from 'zod/mini'

const instanceStatsSchema = z.strictObject({
  label: z.string(),
  process: z.string(),
  pid: z.int(),
  commandLine: z.array(z.string()),
  ageMs: z.number(),
  /** Of the whole tree, since each of its processes started; the rate is the difference of two answers. */
  cpuMs: z.number(),
  /** Resident, of the whole tree. */
  memoryBytes: z.number(),
  /** The process itself and all below it. */
  processes: z.int(),
  /** Asked for: what the kernel knows besides, and what the hook extendedStats says. */
  extended: z.optional(z.record(z.string(), z.json())),
})
export type InstanceStats = z.infer<typeof instanceStatsSchema>

export const statsSchema = z.strictObject({
  /** A clock that only goes forward; for rates. */
  atMs: z.number(),
  /** The supervisor itself. */
  supervisor: z.strictObject({ pid: z.int(), ageMs: z.number(), cpuMs: z.number(), memoryBytes: z.number() }),
  instances: z.array(instanceStatsSchema),
})
export type Stats = z.infer<typeof statsSchema>
