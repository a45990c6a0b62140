import { expect, test } from 'vitest'
import type { ResourcesSpec } from '../../../runtime/contract/process-spec.ts'
import { computeCpuPercent } from '../../../runtime/supervisor/resources-sampler.ts'
import type { ProcessUsage } from '../../../runtime/supervisor/resources-usage.ts'
import { describeBreach } from '../../../runtime/supervisor/resources.ts'

const usage = (pid: number, cpuMs: number, startTicks = 1): ProcessUsage => ({ pid, startTicks, cpuMs, rssBytes: 0 })

test.each([
  ['one process', [usage(1, 100)], [usage(1, 600)], 50],
  ['several processors', [usage(1, 0), usage(2, 0)], [usage(1, 1000), usage(2, 500)], 150],
  ['a new child counts from its start', [usage(1, 100)], [usage(1, 100), usage(2, 250)], 25],
  ['a child that ended is lost', [usage(1, 100), usage(2, 900)], [usage(1, 300)], 20],
  ['a pid that was given anew is another process', [usage(1, 0), usage(2, 900, 5)], [usage(1, 0), usage(2, 100, 6)], 10],
] as const)('the share of a processor over a second: %s', (...[, before, after, percent]) => {
  expect(computeCpuPercent({ nowMs: 5000, processes: before }, { nowMs: 6000, processes: after })).toBe(percent)
})

test('without time in between there is no share', () => {
  expect(computeCpuPercent({ nowMs: 5, processes: [] }, { nowMs: 5, processes: [] })).toBeUndefined()
})

const LIMITS: ResourcesSpec = {
  maxMemoryBytes: undefined,
  minMemoryBytes: undefined,
  maxCpuPercent: undefined,
  minCpuPercent: undefined,
  intervalMs: 1000,
  maxCount: 3,
  children: true,
  action: 'restart',
}

const MIB = 1_048_576

test.each([
  [{}, 10 * MIB, 400, undefined],
  [{ maxMemoryBytes: 10 * MIB }, 10 * MIB, undefined, undefined],
  [{ maxMemoryBytes: 10 * MIB }, 10 * MIB + 1, undefined, 'it takes 10.0 MiB of memory, more than 10.0 MiB'],
  [{ minMemoryBytes: 2 * MIB }, 1.5 * MIB, undefined, 'it takes 1.5 MiB of memory, less than 2.0 MiB'],
  [{ maxCpuPercent: 90 }, 0, 90, undefined],
  [{ maxCpuPercent: 90 }, 0, 123.45, 'it takes 123.5 % of a processor, more than 90 %'],
  [{ maxCpuPercent: 90 }, 0, undefined, undefined],
  [{ minCpuPercent: 5 }, 0, 1, 'it takes 1.0 % of a processor, less than 5 %'],
  [{ minCpuPercent: 5 }, 0, undefined, undefined],
] as const)('with the limits %j, %d bytes and %s percent mean: %s', (...[limits, rssBytes, cpuPercent, breach]) => {
  expect(describeBreach({ usage: { processes: [], rssBytes }, cpuPercent }, { ...LIMITS, ...limits })).toBe(breach)
})
