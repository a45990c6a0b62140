// The hooks of one instance, or of a process as a whole.

import type { HookName, InstanceSpec, RunSpec } from '../contract/process-spec.ts'
import { createHookAnswer } from './hook-answer.ts'
import { runHook } from './hook.ts'
import type { HookFacts } from './hook.ts'
import { createCommandRunner } from './probe-command.ts'
import type { CommandRunner } from './probe-command.ts'
import type { InstanceName, RunnerServices } from './runner-services.ts'
import type { PipeFds } from './spawner.ts'

export type HookRunnerOptions = {
  readonly services: Pick<RunnerServices, 'spawner' | 'fifosDir' | 'streams'>
  readonly name: InstanceName
  readonly instance: InstanceSpec
  /** What they run as. */
  readonly run: RunSpec
  readonly log: Parameters<RunnerServices['streams']['add']>[0]['spec']
  readonly report: (reason: string) => void
}

export type HookRunner = {
  readonly runCommand: CommandRunner
  has(hook: HookName): boolean
  /** True at once when there is none. Never rejects. */
  run(hook: HookName, facts?: Omit<HookFacts, 'process' | 'index'>, signal?: AbortSignal): Promise<boolean>
  /** What it says on its standard output; undefined when there is none, or nothing. Never rejects. */
  ask(hook: HookName, facts: Omit<HookFacts, 'process' | 'index'>): Promise<unknown>
}

export const createHookRunner = ({ services, name, instance, run, log, report }: HookRunnerOptions): HookRunner => {
  const { spawner, fifosDir, streams } = services
  const publish = (pipes: PipeFds): ((timeoutMs: number) => Promise<void>) => {
    const words = streams.add({ ...name, isHook: true, spec: log, pipes, stdout: instance.stdout, stderr: instance.stderr })
    words.begin(undefined)
    return (timeoutMs) => words.drain(timeoutMs)
  }
  const runCommand = createCommandRunner({ spawner, fifosDir, capture: publish })
  const factsOf = (facts: Omit<HookFacts, 'process' | 'index'>): HookFacts => ({ ...facts, process: name.process, index: name.index })
  return {
    runCommand,
    has: (hook) => instance.hooks[hook] !== undefined,
    run(hook, facts = {}, signal) {
      const declared = instance.hooks[hook]
      if (declared === undefined) return Promise.resolve(true)
      const request = { name: hook, hook: declared, run, facts: factsOf(facts), runCommand, report }
      return runHook(signal === undefined ? request : { ...request, signal })
    },
    async ask(hook, facts) {
      const declared = instance.hooks[hook]
      if (declared === undefined) return undefined
      const answer = createHookAnswer()
      const capture = ({ out, ...others }: PipeFds): ((timeoutMs: number) => Promise<void>) => {
        const drains = [publish(others), ...(out === undefined ? [] : [answer.take(out)])]
        return async (timeoutMs) => void (await Promise.all(drains.map((drain) => drain(timeoutMs))))
      }
      await runHook({ name: hook, hook: declared, run, facts: factsOf(facts), runCommand: createCommandRunner({ spawner, fifosDir, capture }), report })
      return answer.read()
    },
  }
}
