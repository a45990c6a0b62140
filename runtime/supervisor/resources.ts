// Watches what a process takes of memory and processor, and says so when it is outside its limits several times in a
// row. There is no event for this: it looks at it, as often as the declaration says.

import type { ResourcesSpec } from '../contract/process-spec.ts'
import { createUsageSampler } from './resources-sampler.ts'
import type { UsageSample } from './resources-sampler.ts'

export type ResourceWatchRequest = {
  /** It may become another one: a program can name its main process. */
  readonly pid: () => number
  readonly spec: ResourcesSpec
}

/** Goes on after a call: tells again after as many more breaches. */
export const createResourceWatch = ({ pid, spec }: ResourceWatchRequest, exceeded: (reason: string) => void): { cancel(): void } => {
  const sampler = createUsageSampler()
  let breaches = 0
  const look = (): void => {
    const sample = sampler.sample(pid(), spec.children, performance.now())
    const breach = sample && describeBreach(sample, spec)
    breaches = breach === undefined ? 0 : breaches + 1
    if (breach === undefined || breaches < spec.maxCount) return
    breaches = 0
    exceeded(spec.maxCount === 1 ? breach : `${breach} (${spec.maxCount} times in a row)`)
  }
  // What it takes while it starts is part of the first interval.
  sampler.sample(pid(), spec.children, performance.now())
  const timer = setInterval(look, spec.intervalMs)
  return { cancel: () => clearInterval(timer) }
}

export const describeBreach = ({ usage, cpuPercent }: UsageSample, spec: ResourcesSpec): string | undefined => {
  const { maxMemoryBytes = Number.POSITIVE_INFINITY, minMemoryBytes = 0, maxCpuPercent = Number.POSITIVE_INFINITY, minCpuPercent = 0 } = spec
  if (usage.rssBytes > maxMemoryBytes) return `it takes ${renderMiB(usage.rssBytes)} of memory, more than ${renderMiB(maxMemoryBytes)}`
  if (usage.rssBytes < minMemoryBytes) return `it takes ${renderMiB(usage.rssBytes)} of memory, less than ${renderMiB(minMemoryBytes)}`
  if (cpuPercent === undefined) return undefined
  if (cpuPercent > maxCpuPercent) return `it takes ${cpuPercent.toFixed(1)} % of a processor, more than ${maxCpuPercent} %`
  return cpuPercent < minCpuPercent ? `it takes ${cpuPercent.toFixed(1)} % of a processor, less than ${minCpuPercent} %` : undefined
}

const renderMiB = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`
