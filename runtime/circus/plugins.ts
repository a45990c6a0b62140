// [plugin:NAME] -> keys of the processes that the plugin looks after. Whatever else a plugin is, it is Python.

import type { ManifestInput } from '../contract/manifest-schema.ts'
import { renderSuggestion } from '../contract/nearest-name.ts'
import { readFlapping } from './flapping.ts'
import type { FlappingDefaults } from './flapping.ts'
import { planHeartbeat } from './heartbeat.ts'
import { planHttpObserver, planRedisObserver } from './observers.ts'
import type { Watched } from './observers.ts'
import { ANY_PLUGIN_OPTIONS, PLUGIN_OPTIONS } from './options.ts'
import { planResources } from './resources.ts'
import { checkKeys } from './section.ts'
import type { Section } from './section.ts'
import type { ProcessInput } from './watcher.ts'

export type Plugin = { readonly section: Section; readonly kind: string }

/** Those that mean something here. */
export const resolvePlugins = (sections: readonly Section[]): readonly Plugin[] =>
  sections.flatMap((section) => {
    const use = section.text('use') ?? ''
    const kind = Object.keys(PLUGIN_OPTIONS).find((known) => use === `circus.plugins.${known}`)
    const options = kind === undefined ? undefined : PLUGIN_OPTIONS[kind]
    if (kind === undefined || options === undefined) {
      section.warn(undefined, `[${section.name}] has no effect: ${explainForeign(use)}`)
      return []
    }
    // The first that is found counts: the port of a watchdog is another one than that of a statsd.
    checkKeys(section, [...options, ...ANY_PLUGIN_OPTIONS])
    return [{ section, kind }]
  })

const explainForeign = (use: string): string => {
  if (use === '') return 'it does not say which plugin to use'
  if (use.startsWith('circus.plugins.statsd.')) return 'nothing is sent to a statsd; `stats` and `top` show what it would tell'
  return `"${use}" is Python, which cannot run here${renderSuggestion(
    use,
    Object.keys(PLUGIN_OPTIONS).map((known) => `circus.plugins.${known}`),
  )}`
}

export const resolveFlapping = (plugins: readonly Plugin[]): FlappingDefaults | undefined => {
  const [plugin, ...others] = plugins.filter(({ kind }) => kind === 'flapping.Flapping')
  for (const { section } of others) section.warn(undefined, `[${section.name}] has no effect: [${plugin?.section.name}] says how Flapping works already`)
  return plugin === undefined ? undefined : readFlapping(plugin.section, '')
}

export type PluginsRequest = {
  readonly plugins: readonly Plugin[]
  readonly processes: Readonly<Record<string, ProcessInput>>
  /** Name of the process of a watcher that is named as circus does: without regard to case. */
  readonly resolveWatcher: (name: string) => string | undefined
}

type Planned = { readonly processes: Readonly<Record<string, ProcessInput>>; readonly heartbeats: NonNullable<ManifestInput['heartbeats']> }

/** The processes with what the plugins add to them. */
export const applyPlugins = (request: PluginsRequest): Planned =>
  request.plugins.reduce<Planned>(
    ({ processes, heartbeats }, plugin) => {
      const heartbeat = plugin.kind === 'watchdog.WatchDog' ? planHeartbeat(plugin.section, Object.keys(processes)) : undefined
      return {
        processes: extendProcesses({ ...request, processes }, plugin),
        heartbeats: heartbeat === undefined ? heartbeats : [...heartbeats, heartbeat],
      }
    },
    { processes: request.processes, heartbeats: [] },
  )

const extendProcesses = (request: PluginsRequest, { section, kind }: Plugin): PluginsRequest['processes'] => {
  const { processes } = request
  if (kind === 'command_reloader.CommandReloader') return Object.fromEntries(Object.entries(processes).map(([name, process]) => [name, watchCommand(process)]))
  const watched = OBSERVERS[kind]?.(section)
  return watched === undefined ? processes : extendWatched(request, section, watched)
}

const OBSERVERS: Readonly<Record<string, (section: Section) => Watched | undefined>> = {
  'resource_watcher.ResourceWatcher': planResources,
  'http_observer.HttpObserver': planHttpObserver,
  'redis_observer.RedisObserver': planRedisObserver,
}

const extendWatched = ({ processes, resolveWatcher }: PluginsRequest, section: Section, { watcher, key, added }: Watched): PluginsRequest['processes'] => {
  const name = resolveWatcher(watcher)
  const process = name === undefined ? undefined : processes[name]
  if (name === undefined || process === undefined) {
    section.problem(key, `"${key}": there is no [watcher:${watcher}]${renderSuggestion(watcher, Object.keys(processes))}`)
    return processes
  }
  const taken = Object.keys(added).find((addedKey) => Object.hasOwn(process, addedKey))
  if (taken !== undefined) section.warn(undefined, `[${section.name}] replaces what another plugin says of "${name}" (${taken})`)
  return { ...processes, [name]: { ...process, ...added } }
}

/** circus looks at the first word of cmd: a script that an interpreter is given is not watched. */
const watchCommand = (process: ProcessInput): ProcessInput => {
  const [program] = process.command
  return program === undefined ? process : { ...process, restartOnChange: [process.program ?? program] }
}
