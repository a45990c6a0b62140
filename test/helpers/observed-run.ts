// A run as the spawner would make it: a shell script that leads a session of its own and has an INVOCATION_ID.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { readRunMembers } from '../../runtime/supervisor/process-tree-run.ts'
import type { RunFacts } from '../../runtime/supervisor/process-tree-run.ts'
import { signalProcesses } from '../../runtime/supervisor/session.ts'

export type ObservedRun = RunFacts & {
  /** The next line that the script writes. */
  readonly line: () => Promise<string>
  readonly exited: Promise<unknown>
  /** Ends it with all that it has started. */
  readonly dispose: () => Promise<void>
}

export const startRun = (script: string, environment: Readonly<Record<string, string>> = {}): ObservedRun => {
  const invocationId = randomBytes(16).toString('hex')
  const env = { PATH: process.env['PATH'] ?? '', INVOCATION_ID: invocationId, ...environment }
  const child = spawn('/bin/bash', ['-c', script], { detached: true, env, stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const run = { leaderPid: child.pid ?? 0, invocationId }
  return {
    ...run,
    line: async () => {
      const { done, value } = await lines.next()
      if (done === true) throw new Error('the script has ended without another line')
      return value
    },
    exited,
    async dispose() {
      const members = readRunMembers({ ...run, snapshot: [] })
      killGroup(run.leaderPid)
      signalProcesses(members, 'SIGKILL')
      child.stdout.destroy()
      await exited
    },
  }
}

const killGroup = (id: number): void => {
  try {
    process.kill(-id, 'SIGKILL')
  } catch {
    // ESRCH: nobody is left in it.
  }
}

/** Polls, with a deadline, for what nobody is told of. */
export const waitUntil = async (isDone: () => boolean, timeoutMs = 5000): Promise<void> => {
  for (const endMs = performance.now() + timeoutMs; !isDone();) {
    if (performance.now() > endMs) throw new Error(`not so within ${timeoutMs} ms: ${isDone.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
