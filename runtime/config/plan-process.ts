// One declared process with everything filled in.

import { resolve } from 'node:path'
import type { Manifest, ProcessDeclaration, ResourcesDeclaration } from '../contract/manifest.ts'
import { NixpackError } from '../contract/errors.ts'
import { parseSizeBytes } from '../contract/quantity.ts'
import type { Dependency, InstanceContext, ProcessSpec, ResourcesSpec, RestartSpec, RunSpec, SocketSpec, StopStep } from '../contract/process-spec.ts'
import { correctiveAction, durationMs, exitMarks, signalName, unlimitedDurationMs } from './declared-values.ts'
import type { InstancePlanContext, PlanContext } from './plan-context.ts'
import { planInstance } from './plan-instance.ts'
import { planSchedule } from './plan-schedule.ts'
import { planLog } from './plan-stream.ts'
import { resolveSpecHash } from './spec-hash.ts'
import { substitute } from './substitute.ts'

export type ProcessRequest = {
  readonly manifest: Manifest
  readonly name: string
  readonly declaration: ProcessDeclaration
  readonly sockets: readonly SocketSpec[]
}

/** The first and the last instance are planned at once, so that what is wrong with their values is known now. */
export const planProcess = (request: ProcessRequest, context: PlanContext): ProcessSpec => {
  const { manifest, name, declaration, sockets } = request
  const inContext = (index: number, bound?: InstanceContext['socketAddresses']): InstancePlanContext => ({
    ...context,
    socketAddresses: new Map([...(context.socketAddresses ?? []), ...(bound ?? [])]),
    processInstance: { name, index, sockets: declaration.sockets },
  })
  const first = planInstance(declaration, inContext(1))
  if (declaration.numprocesses > 1) planInstance(declaration, inContext(declaration.numprocesses))
  const used = sockets.filter((socket) => declaration.sockets.includes(socket.name) || socket.name === stdinSocket(declaration))
  // Nobody asks for it before the first reload.
  let hash: string | undefined
  return {
    name,
    get hash() {
      hash ??= resolveSpecHash({ manifest, declaration, run: first.run, sockets: used, context: inContext(1) })
      return hash
    },
    planInstance: ({ index, socketAddresses }) => planInstance(declaration, inContext(index, socketAddresses)),
    ...planStart(declaration),
    restart: planRestart(declaration),
    ...planLimits(name, declaration, context),
    restartOnChange: planWatchedFiles(declaration.restartOnChange, first.run, inContext(1)),
    ...planStop(declaration),
    sockets: declaration.sockets,
    stdinSocket: stdinSocket(declaration),
    log: planLog(declaration.log),
    schedule: declaration.schedule === undefined ? undefined : planSchedule(name, declaration.schedule, inContext(1)),
    essential: declaration.essential,
  }
}

export const planDependencies = (dependsOn: ProcessDeclaration['dependsOn']): Readonly<Record<string, Dependency>> =>
  Object.fromEntries(Object.entries(dependsOn).map(([name, edge]) => [name, typeof edge === 'string' ? { condition: edge, restart: false } : edge]))

const stdinSocket = ({ stdin }: ProcessDeclaration): string | undefined => (stdin === 'null' ? undefined : stdin.socket)

type StartPart = Pick<
  ProcessSpec,
  'numprocesses' | 'singleton' | 'autostart' | 'oneshot' | 'onDemand' | 'priority' | 'warmupDelayMs' | 'dependsOn' | 'hasReadyCheck'
>

const planStart = (declaration: ProcessDeclaration): StartPart => ({
  numprocesses: declaration.numprocesses,
  singleton: declaration.singleton,
  autostart: declaration.autostart,
  oneshot: declaration.oneshot,
  onDemand: declaration.onDemand,
  priority: declaration.priority,
  warmupDelayMs: durationMs(declaration.warmupDelay),
  dependsOn: planDependencies(declaration.dependsOn),
  hasReadyCheck: declaration.ready !== undefined,
})

const planRestart = (declaration: ProcessDeclaration): RestartSpec => {
  const { flapping } = declaration
  return {
    policy: declaration.restart,
    successStatuses: exitMarks(declaration.successStatuses),
    restartStatuses: exitMarks(declaration.restartStatuses),
    preventStatuses: exitMarks(declaration.preventStatuses),
    delayMs: durationMs(declaration.restartDelay),
    delayMaxMs: durationMs(declaration.restartDelayMax),
    burst: declaration.restartBurst,
    windowMs: durationMs(declaration.restartWindow),
    flapping:
      flapping === undefined
        ? undefined
        : {
            attempts: flapping.attempts,
            windowMs: durationMs(flapping.window),
            retryInMs: durationMs(flapping.retryIn),
            maxRetry: flapping.maxRetry,
          },
    maxRetry: declaration.maxRetry,
  }
}

type LimitsPart = Pick<ProcessSpec, 'maxAgeMs' | 'maxAgeVarianceMs' | 'resources'>

const planLimits = (name: string, { maxAge, maxAgeVariance, resources }: ProcessDeclaration, context: PlanContext): LimitsPart => ({
  maxAgeMs: maxAge === undefined ? undefined : unlimitedDurationMs(maxAge),
  maxAgeVarianceMs: unlimitedDurationMs(maxAgeVariance),
  resources: resources === undefined ? undefined : planResources(name, resources, context),
})

const planResources = (name: string, resources: ResourcesDeclaration, context: PlanContext): ResourcesSpec => ({
  maxMemoryBytes: planMemory(name, resources.maxMemory, context),
  minMemoryBytes: planMemory(name, resources.minMemory, context),
  maxCpuPercent: resources.maxCpu,
  minCpuPercent: resources.minCpu,
  intervalMs: durationMs(resources.interval),
  maxCount: resources.maxCount,
  children: resources.children,
  action: correctiveAction(resources.action),
})

/** A share is one of the memory of the host. */
const planMemory = (name: string, text: string | undefined, { host }: PlanContext): number | undefined => {
  if (text === undefined || !text.endsWith('%')) return text === undefined ? undefined : parseSizeBytes(text)
  const totalBytes = host.memoryTotalBytes()
  if (totalBytes !== undefined) return Math.round((totalBytes * Number(text.slice(0, -1))) / 100)
  throw new NixpackError('ENV_INVALID', `cannot limit the memory of "${name}" to ${text}: /proc/meminfo does not say how much there is`)
}

/** A bare name is that of a program in the PATH of the process. */
const planWatchedFiles = (files: readonly string[], { environment, workingDir }: RunSpec, context: InstancePlanContext): readonly string[] =>
  files.flatMap((file) => {
    const path = substitute(file, context)
    if (path.includes('/')) return [resolve(workingDir, path)]
    const dirs = (environment['PATH'] ?? '').split(':').filter((dir) => dir.startsWith('/'))
    return dirs
      .map((dir) => `${dir}/${path}`)
      .filter((candidate) => context.host.isFile(candidate))
      .slice(0, 1)
  })

const planStop = (declaration: ProcessDeclaration): Pick<ProcessSpec, 'stopSteps' | 'stopChildren' | 'reload'> => {
  const { stopSignal, stopSignals, stopChildren, gracefulTimeout, reload } = declaration
  const single: StopStep = { signal: signalName(stopSignal), waitMs: durationMs(gracefulTimeout) }
  return {
    stopSteps: stopSignals?.map(({ signal, wait }) => ({ signal: signalName(signal), waitMs: durationMs(wait) })) ?? [single],
    stopChildren,
    reload: typeof reload === 'string' ? reload : { signal: signalName(reload.signal) },
  }
}
