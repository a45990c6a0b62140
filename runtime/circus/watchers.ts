// All watchers of a file: their names, what their references mean, their environments.

import { INSTANCE_INDEX } from './command.ts'
import { planCommonEnvironment, planWatcherEnvironment } from './environment.ts'
import type { FlappingDefaults } from './flapping.ts'
import type { IniSection } from './ini.ts'
import { planNames } from './names.ts'
import type { Notes } from './notes.ts'
import { createSection } from './section.ts'
import { lookupEnvironment, resolveName } from './variables.ts'
import type { Environment, Lookup } from './variables.ts'
import { planWatcher } from './watcher.ts'
import type { ProcessInput } from './watcher.ts'

export const WATCHER_PREFIX = 'watcher:'

export type WatchersRequest = {
  readonly sections: readonly IniSection[]
  readonly user: Environment
  /** Names as written -> names of the declared sockets. */
  readonly sockets: Readonly<Record<string, string>>
  readonly umask: string | undefined
  readonly checkDelayS: number
  readonly flapping: FlappingDefaults | undefined
  readonly workingDir: string
  readonly notes: Notes
}

export type Watchers = { readonly processes: Readonly<Record<string, ProcessInput>>; readonly resolveWatcher: (name: string) => string | undefined }

export const planWatchers = (request: WatchersRequest): Watchers => {
  const { notes, user } = request
  const watchers = request.sections.filter(({ name }) => name.startsWith(WATCHER_PREFIX))
  const names = planNames(watchers, WATCHER_PREFIX, notes)
  const common = planCommonEnvironment(request.sections, user, notes)
  const planned = watchers.map((section) => [names.get(section.name) ?? '', planOne(section, { ...request, common })] as const)
  const byGivenName = Object.fromEntries(watchers.map(({ name }) => [givenName(name), names.get(name) ?? '']))
  return { processes: Object.fromEntries(planned), resolveWatcher: (name) => resolveName(byGivenName, name) }
}

const givenName = (sectionName: string): string => sectionName.slice(WATCHER_PREFIX.length)

const planOne = (ini: IniSection, request: WatchersRequest & { readonly common: Environment }): ProcessInput => {
  const { notes, sockets } = request
  const environment = planWatcherEnvironment(givenName(ini.name), request)
  const named = new Set<string>()
  const lookupSocket: Lookup = (name) => {
    const wanted = /^sockets\.(.+)$/i.exec(name)?.[1]
    const socket = wanted === undefined ? undefined : resolveName(sockets, wanted)
    if (socket !== undefined) named.add(socket)
    return socket === undefined ? undefined : `@{nixpack:socket.${socket}.fd}`
  }
  const lookupEnv = lookupEnvironment({ ...request.user, ...environment })
  const lookup: Lookup = (name) => (name.toLowerCase() === 'wid' ? INSTANCE_INDEX : (lookupEnv(name) ?? lookupSocket(name) ?? lookupOption(ini, name)))
  const section = createSection(ini, lookup, notes)
  return planWatcher({
    ...request,
    section,
    environment,
    sockets: Object.values(sockets),
    resolveSocket: (name) => resolveName(sockets, name),
    namedSockets: [...named],
  })
}

/** circus lets a command name the options of its own watcher. */
const lookupOption = (ini: IniSection, name: string): string | undefined => {
  if (name.toLowerCase() === 'name') return givenName(ini.name)
  const entry = ini.entries.find(({ key }) => key.toLowerCase() === name.toLowerCase())
  return entry === undefined || /\$\(circus\.|\(\(circus\./i.test(entry.value) ? undefined : entry.value
}
