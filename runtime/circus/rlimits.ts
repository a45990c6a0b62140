// rlimit_NAME -> resource limits. One value is both the soft and the hard limit; none at all means unlimited.

import { RLIMIT_NAMES } from '../contract/manifest-schema.ts'
import { resolveNearestName } from '../contract/nearest-name.ts'
import type { Section } from './section.ts'

type RlimitName = (typeof RLIMIT_NAMES)[number]

export const planRlimits = (section: Section): Partial<Record<RlimitName, number | string>> =>
  Object.fromEntries(
    section.keys
      .filter((key) => key.startsWith(PREFIX))
      .flatMap((key) => {
        const name = resolveLimit(section, key)
        return name === undefined ? [] : [[name, readLimit(section, key)]]
      }),
  )

const PREFIX = 'rlimit_'

/** BSD's names for the same limits. */
const ALIASES: Readonly<Record<string, RlimitName>> = { ofile: 'nofile', vmem: 'as' }

const resolveLimit = (section: Section, key: string): RlimitName | undefined => {
  const given = key.slice(PREFIX.length).toLowerCase()
  const name = RLIMIT_NAMES.find((known) => known === given) ?? ALIASES[given]
  if (name !== undefined) return name
  const nearest = resolveNearestName(given, RLIMIT_NAMES)
  section.problem(key, `"${key}": no such resource limit${nearest === undefined ? '' : `, did you mean "${PREFIX}${nearest}"?`}`)
  return undefined
}

/** Python's RLIM_INFINITY is -1. */
const readLimit = (section: Section, key: string): number | string => {
  const text = section.text(key) ?? ''
  if (text === '' || text === '-1' || text.toLowerCase() === 'unlimited') return 'unlimited'
  const limit = section.integer(key) ?? 0
  if (limit < 0) section.problem(key, `"${key}": expected 0 or more, got ${limit}`)
  return limit
}
