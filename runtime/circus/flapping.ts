// The plugin Flapping and the keys `flapping.*` of a watcher.

import type { ManifestInput } from '../contract/manifest-schema.ts'
import { findOption, PLUGIN_OPTIONS } from './options.ts'
import { renderSeconds } from './section.ts'
import type { Section } from './section.ts'

type ProcessInput = NonNullable<ManifestInput['processes']>[string]

/** What the plugin's section says for all watchers. */
export type FlappingDefaults = {
  readonly attempts: number
  readonly windowS: number
  readonly retryInS: number
  readonly maxRetry: number
  readonly active: boolean
}

const CIRCUS_DEFAULTS: FlappingDefaults = { attempts: 2, windowS: 1, retryInS: 7, maxRetry: 5, active: true }

/** `prefix`: "" in the plugin's section, "flapping." in a watcher's. */
export const readFlapping = (section: Section, prefix: '' | 'flapping.', defaults: FlappingDefaults = CIRCUS_DEFAULTS): FlappingDefaults => ({
  attempts: section.integer(`${prefix}attempts`) ?? defaults.attempts,
  windowS: section.number(`${prefix}window`) ?? defaults.windowS,
  retryInS: section.number(`${prefix}retry_in`) ?? defaults.retryInS,
  maxRetry: section.integer(`${prefix}max_retry`) ?? defaults.maxRetry,
  active: section.boolean(`${prefix}active`) ?? defaults.active,
})

export type FlappingRequest = {
  readonly section: Section
  /** Undefined: the plugin is not there. */
  readonly flapping: FlappingDefaults | undefined
  readonly checkDelayS: number
}

export const planFlapping = ({ section, flapping, checkDelayS }: FlappingRequest): Pick<ProcessInput, 'flapping'> => {
  const keys = section.keys.filter((key) => key.startsWith('flapping.'))
  for (const key of keys) checkKey(section, key)
  const [first] = keys
  if (flapping === undefined && first === undefined) return {}
  if (flapping === undefined) section.warn(first ?? '', `"${first}" has an effect here also without [plugin:flapping]`)
  const { attempts, windowS, retryInS, maxRetry, active } = readFlapping(section, 'flapping.', flapping)
  if (!active || section.boolean('check_flapping') === false) return {}
  // circus subtracts its polling period from what it measures.
  return {
    flapping: {
      attempts: Math.max(1, attempts),
      window: renderSeconds(Math.max(0, windowS) + Math.max(0, checkDelayS)),
      retryIn: renderSeconds(Math.max(0, retryInS)),
      maxRetry: Math.max(-1, maxRetry),
    },
  }
}

const checkKey = (section: Section, key: string): void => {
  const known = findOption(PLUGIN_OPTIONS['flapping.Flapping'] ?? [], key.slice('flapping.'.length))
  if (known === undefined) section.warn(key, `unknown option "${key}" has no effect`)
}
