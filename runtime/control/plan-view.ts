// A plan in the form in which it is shown: the first instance of each process with every value, secrets masked.

import type { PlanView, ProcessView } from '../contract/control-plan.ts'
import type { RunView } from '../contract/control-routes.ts'
import type { Mask } from '../contract/control-supervisor.ts'
import type {
  AskedCheck,
  ExitMark,
  InstanceContext,
  Plan,
  ProcessSpec,
  ReadyCheck,
  RestartSpec,
  RunSpec,
  SocketAddress,
  SocketSpec,
  StopStep,
} from '../contract/process-spec.ts'

export const describePlan = (plan: Plan, mask: Mask): PlanView => {
  const context: InstanceContext = { index: 1, socketAddresses: new Map(plan.sockets.map(({ name, address }) => [name, readAddress(address)])) }
  return {
    waves: planWaves(plan.processes),
    processes: plan.processes.map((spec) => describeProcess(spec, context, mask)),
    tasks: plan.tasks.map(({ name, planRun, dependsOn }) => ({
      name,
      command: planRun(context).command.map((word) => mask(word)),
      dependsOn: Object.keys(dependsOn),
    })),
    sockets: plan.sockets.map(({ name, address }) => ({ name, kind: address.kind, address: renderAddress(address) })),
    exitPolicy: typeof plan.exitPolicy === 'string' ? plan.exitPolicy : `process ${plan.exitPolicy.process}`,
    stopDeadlineMs: planDeadlineMs(plan.processes),
  }
}

/** Processes of a wave wait for nothing but those of earlier waves. */
export const planWaves = (specs: readonly ProcessSpec[]): string[][] => {
  const waves: string[][] = []
  const placed = new Set<string>()
  let remaining = [...specs].sort((left, right) => right.priority - left.priority)
  while (remaining.length > 0) {
    const wave = remaining.filter(({ dependsOn }) => Object.keys(dependsOn).every((name) => placed.has(name)))
    // A cycle is refused with the manifest; what is left then would be a process that waits for ever.
    const names = (wave.length === 0 ? remaining : wave).map(({ name }) => name)
    for (const name of names) placed.add(name)
    waves.push(names)
    remaining = remaining.filter(({ name }) => !placed.has(name))
  }
  return waves
}

const readAddress = (address: SocketSpec['address']): SocketAddress => ('path' in address ? { path: address.path } : { host: address.host, port: address.port })

const renderAddress = (address: SocketSpec['address']): string => ('path' in address ? address.path : `${address.host}:${address.port}`)

const describeProcess = (spec: ProcessSpec, context: InstanceContext, mask: Mask): ProcessView => {
  const { run, ready } = spec.planInstance(context)
  return {
    name: spec.name,
    numprocesses: spec.numprocesses,
    hash: spec.hash,
    command: run.command.map((word) => mask(word)),
    environment: Object.fromEntries(Object.entries(run.environment).map(([name, value]) => [name, mask(value, name)])),
    workingDir: run.workingDir,
    user: renderIdentity(run),
    dependsOn: Object.entries(spec.dependsOn).map(([name, { condition, restart }]) => `${name} ${condition}${restart ? ', restarted with it' : ''}`),
    ready: ready === undefined ? null : mask(renderCheck(ready.check)),
    readyDeadlineMs: ready?.timeoutMs ?? null,
    restart: renderRestart(spec.restart),
    stop: renderStop(spec.stopSteps),
    sockets: [...spec.sockets],
    schedule: spec.schedule?.text ?? null,
    notes: describeNotes(spec, context, mask),
  }
}

const describeNotes = (spec: ProcessSpec, context: InstanceContext, mask: Mask): string[] => {
  const { liveness, hooks } = spec.planInstance(context)
  return [
    ...(spec.autostart ? [] : ['not started with the others']),
    ...(spec.oneshot ? ['ends when its work is done'] : []),
    ...(spec.onDemand ? ['started at the first connection'] : []),
    ...(spec.essential ? [] : ['the bundle goes on without it']),
    ...(liveness === undefined ? [] : [`checked every ${liveness.intervalMs} ms: ${mask(renderLiveness(liveness.check))}`]),
    ...Object.keys(hooks).map((name) => `hook ${name}`),
  ]
}

export const describeRun = ({ environment, workingDir, identity, umask, nice, oomScoreAdj, rlimits }: RunSpec): RunView => ({
  environment: { ...environment },
  workingDir,
  identity: identity === undefined ? null : { ...identity, groups: [...identity.groups] },
  umask: umask ?? null,
  nice: nice ?? null,
  oomScoreAdj: oomScoreAdj ?? null,
  rlimits: [...rlimits],
})

const renderIdentity = ({ identity }: RunSpec): string | null => (identity === undefined ? null : `${identity.uid}:${identity.gid}`)

const renderLiveness = (check: AskedCheck | { readonly kind: 'watchdog'; readonly periodMs: number }): string =>
  check.kind === 'watchdog' ? `it must say WATCHDOG=1 every ${check.periodMs} ms` : `${renderCheck(check)}${'speaks' in check ? ', PING of Redis' : ''}`

const renderCheck = (check: ReadyCheck): string => {
  if (check.kind === 'tcp') return `tcp ${check.host}:${check.port}`
  if (check.kind === 'unix') return `unix ${check.socketPath}`
  if (check.kind === 'http') return `http ${check.url}`
  if (check.kind === 'exec') return `exec ${check.command.join(' ')}`
  return renderSign(check)
}

const renderSign = (check: Exclude<ReadyCheck, AskedCheck>): string => {
  if (check.kind === 'logLine') return `a line like ${String(check.pattern)}`
  if (check.kind === 'fd') return `a line feed on descriptor ${check.fd}`
  return check.kind === 'path' ? `path ${check.path}` : 'it says READY=1'
}

const renderRestart = ({ policy, delayMs, delayMaxMs, burst, windowMs, flapping }: RestartSpec & { readonly restartStatuses: readonly ExitMark[] }): string => {
  if (policy === 'never') return 'never'
  if (flapping !== undefined) {
    const { attempts, windowMs: within, retryInMs, maxRetry } = flapping
    return `${policy}, pauses ${retryInMs} ms after ${attempts} ends within ${within} ms${maxRetry < 0 ? '' : `, ${maxRetry} times`}`
  }
  const limit = burst < 0 ? 'without limit' : `at most ${burst} within ${windowMs / 1000} s`
  return `${policy}, at once, then after ${delayMs} to ${delayMaxMs} ms, ${limit}`
}

const renderStop = (steps: readonly StopStep[]): string => [...steps.map(({ signal, waitMs }) => `${signal}, ${waitMs / 1000} s`), 'SIGKILL'].join(', then ')

const planDeadlineMs = (specs: readonly ProcessSpec[]): number =>
  planWaves(specs)
    .map((wave) => Math.max(...specs.filter(({ name }) => wave.includes(name)).map(({ stopSteps }) => stopSteps.reduce((sum, { waitMs }) => sum + waitMs, 0))))
    .reduce((sum, waitMs) => sum + waitMs, 0)
