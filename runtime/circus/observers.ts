// The plugins HttpObserver and RedisObserver: a process is asked from time to time and restarted when it does not answer.

import type { ManifestInput } from '../contract/manifest-schema.ts'
import { renderInterval } from './section.ts'
import type { Section } from './section.ts'

type ProcessInput = NonNullable<ManifestInput['processes']>[string]

/** What a plugin adds to the process of one watcher; `key` names it. */
export type Watched = { readonly watcher: string; readonly key: string; readonly added: Partial<ProcessInput> }

export const planHttpObserver = (section: Section): Watched | undefined => {
  const http = section.text('check_url') ?? 'http://localhost/'
  return planLiveness(section, { key: 'restart_on_error', timeoutS: 10, check: { http } })
}

export const planRedisObserver = (section: Section): Watched | undefined => {
  const url = section.text('redis_url') ?? 'redis://localhost:6379/0'
  const check = parseRedisUrl(url)
  if (check !== undefined) return planLiveness(section, { key: 'restart_on_timeout', timeoutS: 5, check })
  section.problem('redis_url', `"redis_url": expected redis://HOST:PORT or unix://PATH, got ${JSON.stringify(url)}`)
  return undefined
}

type Liveness = NonNullable<ProcessInput['liveness']>
type LivenessRequest = { readonly key: string; readonly timeoutS: number; readonly check: Pick<Liveness, 'http' | 'tcp' | 'redis'> }

const planLiveness = (section: Section, { key, timeoutS, check }: LivenessRequest): Watched | undefined => {
  const watcher = section.text(key) ?? ''
  if (watcher === '') {
    section.warn(undefined, `[${section.name}] has no effect: "${key}" names no watcher`)
    return undefined
  }
  const interval = renderInterval(section.number('loop_rate') ?? 60)
  const liveness: Liveness = {
    ...check,
    interval,
    // circus asks for the first time when so much has passed.
    initialDelay: interval,
    timeout: renderInterval(section.number('timeout') ?? timeoutS),
    failureThreshold: 1,
  }
  return { watcher, key, added: { liveness } }
}

/** A password is not needed to see whether it answers. Through TLS nothing is asked: that it accepts connections must do. */
const parseRedisUrl = (url: string): Pick<Liveness, 'tcp' | 'redis'> | undefined => {
  const [, path] = /^unix:\/\/(?:[^@/]*@)?(\/[^?]+)/.exec(url) ?? []
  if (path !== undefined) return { redis: path }
  const [, host, port = '6379'] = /^rediss?:\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^:/?]+)(?::(\d+))?(?:[/?]|$)/.exec(url) ?? []
  if (host === undefined) return undefined
  return url.startsWith('rediss:') ? { tcp: `${host}:${port}` } : { redis: `${host}:${port}` }
}
