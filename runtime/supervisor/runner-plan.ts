// One run, planned: what the declaration of the instance asks of the spawner. Pure.

import type { InstanceSpec, ProcessSpec, ReadyCheck, RunSpec } from '../contract/process-spec.ts'
import type { InstanceName, RunnerServices } from './runner-services.ts'
import type { SpawnRequest } from './spawner.ts'

export type RunPlan = Omit<SpawnRequest, 'fifosDir'>

export type RunPlanRequest = {
  readonly name: InstanceName
  readonly spec: ProcessSpec
  readonly instance: InstanceSpec
  readonly invocationId: string
} & Pick<RunnerServices, 'fifosDir' | 'uid'>

export const planRunRequest = (request: RunPlanRequest): RunPlan => {
  const { spec, instance } = request
  return {
    run: planRunSpec(request),
    stdin: spec.stdinSocket === undefined ? 'null' : { socket: spec.stdinSocket },
    stdout: instance.stdout.kind === 'null' ? 'null' : 'pipe',
    stderr: instance.stderr.kind === 'null' ? 'null' : 'pipe',
    sockets: spec.sockets,
    notifySocketPath: needsNotifySocket(instance) ? planNotifySocket(request) : undefined,
    readyFd: [instance.startup?.check, instance.ready?.check].flatMap((check) => (check?.kind === 'fd' ? [check.fd] : []))[0],
  }
}

/** Hooks and checks of this run get it, too. */
const planRunSpec = ({ name, instance, invocationId }: RunPlanRequest): RunSpec => {
  const { run, liveness } = instance
  const watchdog = liveness?.check.kind === 'watchdog' ? { WATCHDOG_USEC: String(Math.round(liveness.check.periodMs * 1000)) } : {}
  return {
    ...run,
    environment: { ...run.environment, ...watchdog, INVOCATION_ID: invocationId, NIXPACK_PROCESS: name.process, NIXPACK_INDEX: String(name.index) },
  }
}

const needsNotifySocket = ({ startup, ready, liveness }: InstanceSpec): boolean =>
  isNotify(startup?.check) || isNotify(ready?.check) || liveness?.check.kind === 'watchdog'

const isNotify = (check: ReadyCheck | undefined): boolean => check?.kind === 'notify'

/** Another user cannot enter our directories; there the name, which nobody can guess, protects it. */
const planNotifySocket = ({ instance, invocationId, fifosDir, uid }: RunPlanRequest): string =>
  instance.run.identity === undefined || instance.run.identity.uid === uid ? `${fifosDir}/${invocationId.slice(0, 5)}` : `@nixpack/${invocationId}`
