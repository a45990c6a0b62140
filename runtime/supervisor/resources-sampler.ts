// The share of a processor that processes take, which is only seen between two looks at them.

import { readTreeUsage } from './resources-usage.ts'
import type { ProcessUsage, TreeUsage } from './resources-usage.ts'

export type UsageSample = {
  readonly usage: TreeUsage
  /** Of one processor, since the previous sample of the same sampler; undefined for the first. */
  readonly cpuPercent: number | undefined
}

export type UsageSampler = {
  /** Undefined when the process has ended. Times are of any clock that runs evenly. */
  sample(pid: number, children: boolean, nowMs: number): UsageSample | undefined
}

type Earlier = { readonly nowMs: number; readonly processes: readonly ProcessUsage[] }

/** One per pid that is watched, or per client that looks. */
export const createUsageSampler = (): UsageSampler => {
  const earlier = new Map<number, Earlier>()
  return {
    sample(pid, children, nowMs) {
      const usage = readTreeUsage(pid, children)
      const before = earlier.get(pid)
      if (usage === undefined) {
        earlier.delete(pid)
        return undefined
      }
      const { processes } = usage
      earlier.set(pid, { nowMs, processes })
      return { usage, cpuPercent: before === undefined ? undefined : computeCpuPercent(before, { nowMs, processes }) }
    },
  }
}

/** What a process that has ended meanwhile took is lost; one that is new counts from its start. */
export const computeCpuPercent = (before: Earlier, after: Earlier): number | undefined => {
  const elapsedMs = after.nowMs - before.nowMs
  if (elapsedMs <= 0) return undefined
  const known = new Map(before.processes.map((usage) => [keyOf(usage), usage.cpuMs]))
  const usedMs = after.processes.reduce((sum, usage) => sum + Math.max(0, usage.cpuMs - (known.get(keyOf(usage)) ?? 0)), 0)
  return (usedMs / elapsedMs) * 100
}

const keyOf = ({ pid, startTicks }: ProcessUsage): string => `${pid}.${startTicks}`
