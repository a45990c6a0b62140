// What a check needs to know of a run, for tests in which the run is this process, or one that does nothing.
import { createLogHub } from '../../runtime/log/log-hub.ts'
import type { LogHub } from '../../runtime/log/log-hub.ts'
import type { CheckContext } from '../../runtime/supervisor/probe-ask.ts'
import { createRunFeed } from '../../runtime/supervisor/probe-feed.ts'
import type { RunFeed } from '../../runtime/supervisor/probe-feed.ts'

export type TestContext = CheckContext & { readonly hub: LogHub; readonly feed: RunFeed; readonly say: (text: string, label?: string) => void }

export const createContext = (overrides: Partial<CheckContext> = {}): TestContext => {
  const hub = createLogHub()
  const say = (text: string, label = 'demo'): void => {
    const source = { process: label, index: 1, label, stream: 'out', onSlow: 'drop' } as const
    hub.publish(source, { bytes: Buffer.from(`${text}\n`), truncated: 0, pid: 1, timeMs: 0 })
  }
  return {
    process: 'demo',
    sinceSequence: 0,
    awaitsReady: false,
    mainPid: () => process.pid,
    run: { leaderPid: process.pid, invocationId: 'none' },
    runCommand: () => Promise.reject(new Error('no command is to be run here')),
    ...overrides,
    hub,
    feed: createRunFeed(),
    say,
  }
}
