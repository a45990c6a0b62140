// A supervisor in this process, with real children: everything but `up`, the configuration and the control socket.
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { HookSpec, InstanceSpec, Plan, ProcessSpec } from '../../runtime/contract/process-spec.ts'
import { createLinePrinter } from '../../runtime/log/line-printer.ts'
import { createLogFiles } from '../../runtime/log/log-files.ts'
import { createLogHub, decodeLines } from '../../runtime/log/log-hub.ts'
import type { LogHub } from '../../runtime/log/log-hub.ts'
import { createOutput } from '../../runtime/log/output.ts'
import { createDemand } from '../../runtime/supervisor/demand.ts'
import { createSpawner } from '../../runtime/supervisor/spawner.ts'
import { createStreamSet } from '../../runtime/supervisor/stream-set.ts'
import { createSupervisor } from '../../runtime/supervisor/supervisor.ts'
import type { Supervisor } from '../../runtime/supervisor/supervisor.ts'
import { buildShim } from './build-shim.ts'
import { createInstanceSpec, createPlan, createSpec } from './process-spec.ts'

export type StartedSupervisor = {
  readonly supervisor: Supervisor
  readonly hub: LogHub
  /** What it has said on stderr. */
  readonly said: readonly string[]
  readonly dir: string
  /** Resolves when the answer is not undefined; looked for whenever something happens. */
  readonly when: <Value>(look: () => Value | undefined) => Promise<Value>
  /** Lines of all processes, as "LABEL LINE". */
  readonly lines: () => readonly string[]
  readonly pidsOf: (name: string) => readonly number[]
  readonly stateOf: (name: string) => string | undefined
  readonly dispose: () => Promise<void>
}

export const startSupervisor = async (plan: Partial<Plan>): Promise<StartedSupervisor> => {
  const dir = mkdtempSync('/tmp/nixpack-test-')
  const runtimeDir = buildShim(join(dir, 'runtime'))
  const said: string[] = []
  const report = { info: (text: string) => void said.push(text), warn: (text: string) => void said.push(`warning: ${text}`) }
  const spawner = createSpawner({ shimPath: join(runtimeDir, 'bin/shim'), environment: {}, warn: report.warn })
  const hub = createLogHub()
  const output = createOutput({ sink: { write: (_bytes, done) => setImmediate(done), close: () => undefined } })
  const printer = createLinePrinter({ output, format: 'text', labels: [], colour: false, timestamps: false, isTerminal: false })
  const files = createLogFiles({ report })
  const streams = createStreamSet({ hub, files, printer })
  const services = {
    spawner,
    demand: createDemand(spawner),
    fifosDir: join(dir, 'f'),
    uid: process.getuid?.() ?? 0,
    hub,
    streams,
    report,
    reopenLogs: files.reopen,
    hurry: output.hurry,
  }
  const supervisor = createSupervisor({ services, plan: createPlan(plan) })
  const lines: string[] = []
  const looks = new Set<() => void>()
  const lookAgain = (): void => {
    for (const look of looks) look()
  }
  hub.subscribe({ names: undefined }, ({ label, bytes }) => {
    lines.push(...decodeLines(bytes).map((line) => `${label} ${line}`))
    lookAgain()
  })
  supervisor.events.subscribe(lookAgain)
  await supervisor.open()
  const statusOf = (name: string) => supervisor.status().find((status) => status.name === name)
  return {
    supervisor,
    hub,
    said,
    dir,
    lines: () => lines,
    pidsOf: (name) => statusOf(name)?.instances.flatMap(({ pid }) => pid ?? []) ?? [],
    stateOf: (name) => statusOf(name)?.state,
    when: (look) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          looks.delete(again)
          reject(new Error(`it never came; it is:\n${JSON.stringify(supervisor.status(), undefined, 1)}\n${[...said, ...lines].join('\n')}`))
        }, DEADLINE_MS)
        const again = (): void => {
          const answer = look()
          if (answer === undefined) return
          clearTimeout(timer)
          looks.delete(again)
          resolve(answer)
        }
        looks.add(again)
        again()
      }),
    async dispose() {
      supervisor.down('end of the test')
      supervisor.down('end of the test')
      await supervisor.done
      await streams.close()
      spawner.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

const DEADLINE_MS = 40_000

export const sh = (script: string): readonly string[] => ['/bin/sh', '-c', script]
export const FOREVER = 'while :; do sleep 1000 & wait $!; done'

/** One process by its command; the rest as the tests need it. */
export const declare = (
  name: string,
  command: readonly string[],
  { instance = {}, ...overrides }: Partial<ProcessSpec> & { readonly instance?: Partial<InstanceSpec> } = {},
): ProcessSpec =>
  createSpec({
    name,
    planInstance: ({ index }) => {
      const planned = createInstanceSpec(instance)
      return { ...planned, run: { ...planned.run, command, environment: { PATH: '/usr/bin:/bin', INDEX: String(index), ...planned.run.environment } } }
    },
    essential: false,
    ...overrides,
  })

export const hook = (script: string, ignoreFailure = false): HookSpec => ({ command: sh(script), ignoreFailure, timeoutMs: 10_000 })
