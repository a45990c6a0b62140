// circus.ini -> what it declares, in the words of the manifest. Everything that is wrong is said at once; everything
// that has no effect here is said, too.

import type { ManifestInput } from '../contract/manifest-schema.ts'
import { renderSuggestion } from '../contract/nearest-name.ts'
import { findIdlePatterns, planCommonEnvironment } from './environment.ts'
import type { IniSection } from './ini.ts'
import { interpolateSections } from './interpolation.ts'
import { planNames } from './names.ts'
import { createNotes } from './notes.ts'
import type { Notes } from './notes.ts'
import { CIRCUS_OPTIONS } from './options.ts'
import { applyPlugins, resolveFlapping, resolvePlugins } from './plugins.ts'
import { checkKeys, createSection } from './section.ts'
import type { Section } from './section.ts'
import { planSocket, readOctal } from './socket.ts'
import type { SocketInput } from './socket.ts'
import { readSources } from './sources.ts'
import { lookupEnvironment } from './variables.ts'
import type { Environment, Lookup } from './variables.ts'
import { planWatchers, WATCHER_PREFIX } from './watchers.ts'

export type CircusImport = {
  readonly path: string
  /** Itself and what it includes. */
  readonly files: readonly string[]
  readonly declarations: Pick<ManifestInput, 'processes' | 'sockets' | 'heartbeats' | 'pidFile'>
  /** Each with its file and line. */
  readonly warnings: readonly string[]
}

export type CircusContext = {
  /** As the user has set it. */
  readonly environment: Environment
  /** Where circusd would run. */
  readonly workingDir: string
}

/** Throws CIRCUS_INVALID with every problem. */
export const readCircusFile = (path: string, context: CircusContext): CircusImport => {
  const notes = createNotes()
  const sources = readSources(path, context.environment, notes)
  notes.assertUsable(path)
  const declarations = planDeclarations(interpolateSections(sources.sections, notes), context, notes)
  notes.assertUsable(path)
  return { path, files: sources.files, declarations, warnings: notes.warnings() }
}

const planDeclarations = (all: readonly IniSection[], { environment: user, workingDir }: CircusContext, notes: Notes): CircusImport['declarations'] => {
  checkSections(all, notes)
  const sections = all.filter(({ entries }) => entries.length > 0)
  const lookup = lookupEnvironment({ ...user, ...planCommonEnvironment(sections, user, createNotes()) })
  const create = (section: IniSection): Section => createSection(section, lookup, notes)
  const main = create(sections.find(({ name }) => name === 'circus') ?? NO_SECTION)
  checkKeys(main, CIRCUS_OPTIONS)
  const { sockets, names } = planSockets(sections, lookup, notes)
  const plugins = resolvePlugins(sections.filter(isPlugin).map(create))
  const checkDelayS = main.number('check_delay') ?? DEFAULT_CHECK_DELAY_S
  const flapping = resolveFlapping(plugins)
  const { processes, resolveWatcher } = planWatchers({
    sections,
    user,
    sockets: names,
    umask: readOctal(main, 'umask'),
    checkDelayS,
    flapping,
    workingDir,
    notes,
  })
  const pidFile = main.text('pidfile')?.trim() ?? ''
  return { ...applyPlugins({ plugins, processes, resolveWatcher }), sockets, ...(pidFile === '' ? {} : { pidFile }) }
}

const DEFAULT_CHECK_DELAY_S = 5
const NO_SECTION: IniSection = { name: 'circus', place: { file: '', line: 0 }, entries: [] }

type Sockets = { readonly sockets: Readonly<Record<string, SocketInput>>; readonly names: Readonly<Record<string, string>> }

/** circus writes their names in lower case. */
const planSockets = (sections: readonly IniSection[], lookup: Lookup, notes: Notes): Sockets => {
  const found = sections.filter(({ name }) => name.startsWith(SOCKET_PREFIX)).map((section) => ({ ...section, name: section.name.toLowerCase() }))
  const names = planNames(found, SOCKET_PREFIX, notes)
  const planned = found.map((section) => {
    const given = section.name.slice(SOCKET_PREFIX.length)
    return { given, name: names.get(section.name) ?? given, socket: planSocket(createSection(section, lookup, notes)) }
  })
  return {
    sockets: Object.fromEntries(planned.map(({ name, socket }) => [name, socket])),
    names: Object.fromEntries(planned.map(({ given, name }) => [given, name])),
  }
}

const SOCKET_PREFIX = 'socket:'
const isPlugin = ({ name }: IniSection): boolean => name.startsWith('plugin:')

const checkSections = (sections: readonly IniSection[], notes: Notes): void => {
  const watchers = sections.filter(({ name }) => name.startsWith(WATCHER_PREFIX)).map(({ name }) => name.slice(WATCHER_PREFIX.length))
  for (const section of sections) {
    const { name, place, entries } = section
    const [kind = ''] = name.split(':')
    if (!KINDS.includes(kind) || (kind === 'circus' && name !== kind))
      notes.warn(place, `unknown section [${name}] has no effect${renderSuggestion(kind, KINDS)}`)
    else if (NEEDS_NAME.has(name)) notes.warn(place, `[${name}] has no effect: it needs a name, as in [${name}:NAME]`)
    else if (entries.length === 0) notes.warn(place, `[${name}] is empty and has no effect`)
    for (const pattern of findIdlePatterns(section, watchers))
      notes.warn(place, `[${name}]: "${pattern}" fits no watcher${renderSuggestion(pattern, watchers)}`)
  }
}

const KINDS: readonly string[] = ['circus', 'watcher', 'socket', 'env', 'plugin']
const NEEDS_NAME: ReadonlySet<string> = new Set(['watcher', 'socket', 'plugin'])
