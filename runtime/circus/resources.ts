// The plugin ResourceWatcher.

import type { ManifestInput } from '../contract/manifest-schema.ts'
import type { Watched } from './observers.ts'
import { renderInterval } from './section.ts'
import type { Section } from './section.ts'

type ResourcesInput = NonNullable<NonNullable<ManifestInput['processes']>[string]['resources']>

export const planResources = (section: Section): Watched | undefined => {
  const key = section.text('watcher') === undefined ? 'service' : 'watcher'
  const watcher = section.text(key) ?? ''
  if (watcher === '') {
    section.problem(undefined, `[${section.name}] names no watcher`)
    return undefined
  }
  return { watcher, key, added: { resources: planLimits(section) } }
}

const planLimits = (section: Section): ResourcesInput => {
  const minCpu = section.number('min_cpu')
  const minMemory = readMemory(section, 'min_mem')
  return {
    maxCpu: section.number('max_cpu') ?? 90,
    ...(minCpu === undefined ? {} : { minCpu }),
    maxMemory: readMemory(section, 'max_mem', '90') ?? '90%',
    ...(minMemory === undefined ? {} : { minMemory }),
    // circus acts when there were more than that.
    maxCount: Math.max(0, section.integer('max_count') ?? 3) + 1,
    children: section.boolean('process_children') ?? false,
    interval: renderInterval(section.number('loop_rate') ?? 60),
  }
}

/** A number is a share in percent; with a letter it is a size, in powers of 1024 as circus has them. */
const readMemory = (section: Section, key: string, fallback?: string): string | undefined => {
  const text = section.text(key) ?? fallback
  if (text === undefined) return undefined
  const [, amount, letter] = /^(\d+(?:\.\d+)?)\s*(?:([KMGT])?i?B?|%)$/i.exec(text) ?? []
  if (amount === undefined) section.problem(key, `"${key}": expected a percentage or a size such as 512M, got ${JSON.stringify(text)}`)
  if (letter !== undefined) return `${amount}${letter.toUpperCase()}iB`
  return /b$/i.test(text) ? (amount ?? '0') : `${amount ?? '0'}%`
}
