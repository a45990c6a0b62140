// restartOnChange: a process is restarted when one of its files is another one than it was, as circus' CommandReloader
// does it. The kernel tells (inotify); symbolic links on the way are followed, since deployments switch those.

import { lstatSync, readlinkSync, statSync, watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { dirname, resolve, sep } from 'node:path'
import type { SupervisorControl } from '../contract/control-supervisor.ts'
import type { ProcessSpec } from '../contract/process-spec.ts'

export type FileChangesRequest = {
  readonly supervisor: Pick<SupervisorControl, 'plan' | 'events' | 'restart'>
  readonly warn: (text: string) => void
}

/** Follows the plan: what a reload or `set` changes is taken up. */
export const createFileChanges = ({ supervisor, warn }: FileChangesRequest): { close(): void } => {
  const watches = new Map<string, { readonly spec: ProcessSpec; readonly close: () => void }>()
  const apply = (): void => {
    const specs = supervisor.plan.processes.filter(({ restartOnChange = [] }) => restartOnChange.length > 0)
    for (const [name, { spec, close }] of watches) {
      if (specs.includes(spec)) continue
      close()
      watches.delete(name)
    }
    for (const spec of specs) if (!watches.has(spec.name)) watches.set(spec.name, { spec, close: createWatch(spec, { supervisor, warn }) })
  }
  const unsubscribe = supervisor.events.subscribe(({ kind }) => {
    if (PLAN_EVENTS.has(kind)) apply()
  })
  apply()
  return {
    close() {
      unsubscribe()
      for (const { close } of watches.values()) close()
      watches.clear()
    },
  }
}

const PLAN_EVENTS: ReadonlySet<string> = new Set(['bundle', 'added', 'removed', 'changed'])

/** Whoever writes a program rarely does it in one step. */
const SETTLE_MS = 100

const createWatch = ({ name, restartOnChange = [] }: ProcessSpec, { supervisor, warn }: FileChangesRequest): (() => void) => {
  let before = identify(restartOnChange)
  let watchers: readonly FSWatcher[] = []
  let timer: NodeJS.Timeout | undefined
  const look = (): void => {
    timer = undefined
    const now = identify(restartOnChange)
    // Undefined: something is missing, as it is for a moment when a file is replaced.
    if (now === undefined || now === before) return
    const isFirst = before === undefined
    before = now
    listen()
    if (!isFirst)
      supervisor.restart([name]).catch((error: unknown) => warn(`"${name}" cannot be restarted: ${error instanceof Error ? error.message : String(error)}`))
  }
  const listen = (): void => {
    for (const watcher of watchers) watcher.close()
    watchers = [...new Set(restartOnChange.flatMap(listDirectories))].flatMap((dir) => watchDirectory(dir, () => (timer ??= setTimeout(look, SETTLE_MS))))
    if (watchers.length === 0) warn(`"${name}" is not restarted when ${restartOnChange.join(', ')} changes: nothing can be watched`)
  }
  listen()
  return () => {
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
  }
}

const watchDirectory = (dir: string, changed: () => void): readonly FSWatcher[] => {
  try {
    const watcher = watch(dir, { persistent: false }, changed)
    watcher.on('error', changed)
    return [watcher]
  } catch {
    // It is not there, or the kernel watches too much already.
    return []
  }
}

const identify = (paths: readonly string[]): string | undefined => {
  const stats = paths.map((path) => statSync(path, { throwIfNoEntry: false }))
  return stats.includes(undefined) ? undefined : stats.map((stat) => `${stat?.dev}:${stat?.ino}:${stat?.size}:${stat?.mtimeMs}`).join(' ')
}

/** That of the file itself, and of every symbolic link on the way to it. */
const listDirectories = (path: string): readonly string[] => {
  const dirs = new Set<string>()
  let place = path
  for (let hops = 0; hops < HOPS_MAX; hops += 1) {
    dirs.add(dirname(place))
    const link = findLink(place)
    if (link === undefined) break
    dirs.add(dirname(link))
    place = resolve(dirname(link), readlinkSync(link), `.${place.slice(link.length)}`)
  }
  return [...dirs]
}

/** As the kernel limits them (path_resolution(7)). */
const HOPS_MAX = 40

/** The first part of a path that is a symbolic link. */
const findLink = (path: string): string | undefined => {
  const parts = path.split(sep).slice(1)
  const prefixes = parts.map((_part, index) => sep + parts.slice(0, index + 1).join(sep))
  return prefixes.find((prefix) => {
    try {
      return lstatSync(prefix).isSymbolicLink()
    } catch {
      // ENOENT: a link that leads nowhere, yet.
      return false
    }
  })
}
