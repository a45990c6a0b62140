// What looks at processes from outside because the plan says so: heartbeats and watched files. Loaded only by bundles
// that use them, from the start or since a reload.

import type { Report } from '../log/report.ts'
import type { Supervisor } from '../supervisor/supervisor.ts'

export const createPlanObservers = (supervisor: Supervisor, report: Report): { close(): void } => {
  const loaded = new Map<string, { close(): void } | undefined>()
  const request = { supervisor, warn: (text: string) => report.warn(text) }
  let isClosed = false
  const look = async (): Promise<void> => {
    const { heartbeats = [], processes } = supervisor.plan
    if (heartbeats.length > 0) await load('heartbeats', async () => (await import('../supervisor/heartbeats.ts')).createHeartbeats(request))
    if (processes.some(({ restartOnChange = [] }) => restartOnChange.length > 0)) {
      await load('fileChanges', async () => (await import('../supervisor/file-changes.ts')).createFileChanges(request))
    }
  }
  const load = async (name: string, create: () => Promise<{ close(): void }>): Promise<void> => {
    if (loaded.has(name)) return
    loaded.set(name, undefined)
    const observer = await create()
    if (isClosed) observer.close()
    else loaded.set(name, observer)
  }
  const unsubscribe = supervisor.events.subscribe(({ kind }) => {
    if (PLAN_EVENTS.has(kind)) void look()
  })
  void look()
  return {
    close() {
      isClosed = true
      unsubscribe()
      for (const observer of loaded.values()) observer?.close()
    },
  }
}

const PLAN_EVENTS: ReadonlySet<string> = new Set(['bundle', 'added', 'changed'])
