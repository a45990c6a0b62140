// What may differ between the instances of a process.

import type { HookDeclaration, ProcessDeclaration } from '../contract/manifest.ts'
import { HOOK_NAMES } from '../contract/manifest.ts'
import type { HookSpec, InstanceSpec } from '../contract/process-spec.ts'
import { durationMs } from './declared-values.ts'
import { planLiveness, planReady, planStartup } from './plan-check.ts'
import type { InstancePlanContext } from './plan-context.ts'
import { planRun } from './plan-run.ts'
import { planStream } from './plan-stream.ts'
import { substitute } from './substitute.ts'

/** Throws ENV_INVALID when the values of this instance make no sense, such as a port beyond the last. */
export const planInstance = (declaration: ProcessDeclaration, context: InstancePlanContext): InstanceSpec => {
  const { startup, ready, liveness, stdout, stderr } = declaration
  const run = planRun(declaration, context)
  const checkContext = { ...context, processDir: run.workingDir }
  return {
    run,
    startup: startup === undefined ? undefined : planStartup(startup, checkContext),
    ready: ready === undefined ? undefined : planReady(ready, checkContext),
    liveness: liveness === undefined ? undefined : planLiveness(liveness, checkContext),
    hooks: planHooks(declaration.hooks, context),
    stdout: planStream(stdout, context),
    stderr: planStream(stderr, context),
  }
}

const planHooks = (hooks: ProcessDeclaration['hooks'], context: InstancePlanContext): InstanceSpec['hooks'] =>
  Object.fromEntries(
    HOOK_NAMES.flatMap((name) => {
      const hook = hooks[name]
      return hook === undefined ? [] : [[name, planHook(hook, context)]]
    }),
  )

const planHook = ({ command, ignoreFailure, timeout }: HookDeclaration, context: InstancePlanContext): HookSpec => ({
  command: command.map((word) => substitute(word, context)),
  ignoreFailure,
  timeoutMs: durationMs(timeout),
})
