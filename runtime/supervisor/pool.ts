// All instances of one process: as many as wanted, started one after the other where that is declared, replaced by a
// reload. What order processes keep among each other is not decided here.

import type { StopOptions } from '../contract/control-supervisor.ts'
import type { HookName, HookSpec, ProcessSpec } from '../contract/process-spec.ts'
import { isIdle } from './graph.ts'
import type { Standing } from './graph.ts'
import { createGate } from './pool-gate.ts'
import { createInstances } from './pool-instances.ts'
import type { Instance, Role } from './pool-instances.ts'
import { clampCount, planScale, planStopSteps, renderLabel, resolveStanding } from './pool-plan.ts'
import type { Member } from './pool-plan.ts'
import { createHookRunner } from './runner-hooks.ts'
import { createRunner } from './runner.ts'
import type { Runner } from './runner.ts'
import type { RunnerServices } from './runner-services.ts'
import type { ProcessEvent, ProcessRecord } from './state.ts'

export type { Instance, Role } from './pool-instances.ts'

export type InstanceChange = {
  readonly pool: Pool
  readonly instance: Instance
  readonly before: ProcessRecord
  readonly after: ProcessRecord
  readonly event: ProcessEvent
}

export type PoolOptions = {
  readonly services: RunnerServices
  readonly spec: ProcessSpec
  readonly onChange: (change: InstanceChange) => void
  readonly onTrouble: (pool: Pool, label: string, text: string) => void
  /** Something may go on. */
  readonly changed: () => void
}

export type StopRequest = StopOptions & { readonly indexes?: readonly number[] | undefined }

export type Pool = {
  readonly name: string
  readonly spec: ProcessSpec
  /** How many there are to be. */
  readonly count: number
  readonly instances: readonly Instance[]
  readonly members: readonly Member[]
  readonly standing: Standing
  /** Nothing of it runs, nothing is about to. */
  readonly isSettled: boolean
  /** It can stop without anybody noticing. */
  readonly isIdle: boolean
  readonly isWanted: boolean
  /** Told to stop, and not to start since. */
  readonly isStopping: boolean
  start(indexes?: readonly number[]): void
  /** Told again, nothing changes. */
  stop(request?: StopRequest): void
  kill(): void
  /** What is up goes down and comes back when it may. */
  restartUp(reason: string): void
  scale(count: number): void
  replaceSpec(spec: ProcessSpec): void
  /** What it depends on is there: instances start, in their order and at their pace. */
  admit(): void
  /** What it depends on will never be there. */
  refuse(reason: string): void
  /** Forgets who has left, runs hooks of the process as a whole. */
  settle(): void
  /** For a reload: new ones, at the lowest free numbers. */
  create(indexes: readonly number[], role: Role): readonly Runner[]
  assign(runner: Runner, role: Role): void
  runHook(hook: HookName): Promise<boolean>
  /** What its hooks may add to the time of a stop. */
  readonly stopHooksMs: number
  /** Its runs go on without us. */
  release(): void
}

export const createPool = (options: PoolOptions): Pool => {
  const { services, onChange, onTrouble, changed } = options
  let spec = options.spec
  let count = clampCount(spec, spec.numprocesses)
  let isStopping = false
  let nextStartAtMs = 0
  let warmupTimer: NodeJS.Timeout | undefined
  let hooks = readHooks(spec, services)

  const labelOf = (index: number): string => renderLabel({ name: spec.name, numprocesses: count }, index)
  const instances = createInstances(labelOf)
  const create = (index: number, role: Role): Runner => {
    const runner: Runner = createRunner({
      services,
      process: spec.name,
      index,
      spec: () => spec,
      label: () => labelOf(index),
      onChange: (before, after, event) => onChange({ pool, instance: instances.find(runner), before, after, event }),
      onTrouble: (text) => onTrouble(pool, labelOf(index), text),
    })
    instances.add(runner, role)
    return runner
  }
  /** A descendant that nobody could end may still have something to say. */
  const forget = (runner: Runner): void => {
    runner.release()
    instances.forget(runner)
  }
  const selected = (indexes: readonly number[] | undefined): readonly Runner[] =>
    instances.all.filter(({ runner }) => indexes?.includes(runner.index) ?? true).map(({ runner }) => runner)
  const resize = (isRunning: boolean): void => {
    const change = planScale(instances.members, count)
    for (const index of change.create) {
      const runner = create(index, 'member')
      if (isRunning) runner.dispatch({ kind: 'start' })
    }
    for (const { runner } of instances.all.filter(({ runner, role }) => role === 'member' && change.retire.includes(runner.index))) {
      instances.assign(runner, 'leaving')
      runner.dispatch({ kind: 'stop' })
    }
  }
  const runHook = (hook: HookName, signal?: AbortSignal): Promise<boolean> => {
    const name = { process: spec.name, index: 1, label: spec.name }
    const instance = spec.planInstance({ index: 1, socketAddresses: services.socketAddresses() })
    const report = (reason: string): void => onTrouble(pool, spec.name, reason)
    return createHookRunner({ services, name, instance, run: instance.run, log: spec.log, report }).run(hook, {}, signal)
  }
  const gate = createGate({
    has: (hook) => hooks.has(hook),
    run: (hook, signal) => runHook(hook, signal),
    changed,
    refused(hook) {
      const reason = `its hook ${hook} failed`
      for (const { runner } of instances.all) {
        const { state } = runner.record
        if (state === 'waiting') runner.dispatch({ kind: 'dependencyFailed', reason })
        if (hook === 'afterStart' && (state === 'ready' || state === 'running')) runner.dispatch({ kind: 'hookFailed', hook, reason })
      }
    },
  })
  const pool: Pool = {
    get name() {
      return spec.name
    },
    get spec() {
      return spec
    },
    get count() {
      return count
    },
    get instances() {
      return instances.all
    },
    get members() {
      return instances.members
    },
    get standing() {
      return resolveStanding(pool.members, count)
    },
    get isSettled() {
      return !gate.isBusy && instances.all.every(({ runner }) => runner.isSettled)
    },
    get isIdle() {
      return !gate.isBusy && instances.all.every(({ runner }) => isIdle(runner.record.state))
    },
    get isWanted() {
      return instances.all.some(({ runner, role }) => role === 'member' && runner.record.wanted)
    },
    get isStopping() {
      return isStopping
    },
    start(indexes) {
      if (isStopping) gate.cancel()
      isStopping = false
      resize(false)
      for (const runner of selected(indexes)) if (instances.find(runner).role === 'member') runner.dispatch({ kind: 'start' })
    },
    stop({ indexes, ...how } = {}) {
      const order = (): void => {
        for (const runner of selected(indexes)) runner.dispatch({ kind: 'stop', steps: planStopSteps(spec.stopSteps, how) })
      }
      if (indexes !== undefined) return order()
      if (isStopping) return
      isStopping = true
      if (pool.isIdle || !gate.isOpen) {
        gate.cancel()
        order()
      } else gate.beforeStop(order)
    },
    kill() {
      isStopping = true
      gate.abandon()
      for (const { runner } of instances.all) {
        if (runner.isSettled) continue
        runner.dispatch({ kind: 'kill' })
        runner.run?.skipHooks()
      }
    },
    restartUp(reason) {
      for (const { runner } of instances.all) if (UP_STATES.has(runner.record.state)) runner.dispatch({ kind: 'restart', reason })
    },
    scale(wanted) {
      const isRunning = pool.isWanted || pool.standing === 'completed' || (count === 0 && !isStopping)
      count = clampCount(spec, wanted)
      resize(isRunning)
    },
    replaceSpec(next) {
      spec = next
      hooks = readHooks(spec, services)
    },
    admit() {
      // What ends while the hook before the stop runs does not come back.
      if (isStopping || !instances.all.some(({ runner }) => runner.record.state === 'waiting')) return
      gate.open()
      if (!gate.isOpen) return
      for (const { runner } of instances.all.filter(({ runner }) => runner.record.state === 'waiting')) {
        const nowMs = performance.now()
        if (nowMs < nextStartAtMs) {
          clearTimeout(warmupTimer)
          warmupTimer = setTimeout(changed, Math.ceil(nextStartAtMs - nowMs))
          return
        }
        nextStartAtMs = nowMs + spec.warmupDelayMs
        runner.dispatch({ kind: 'dependenciesMet' })
      }
    },
    refuse(reason) {
      for (const { runner } of instances.all) if (runner.record.state === 'waiting') runner.dispatch({ kind: 'dependencyFailed', reason })
    },
    settle() {
      for (const { runner, role } of instances.all) if (role === 'leaving' && runner.isSettled) forget(runner)
      if (instances.all.every(({ runner }) => runner.isSettled)) gate.close()
      else if (gate.isAwaitingAll && pool.standing === 'ready') gate.announce()
    },
    create: (indexes, role) => indexes.map((index) => create(index, role)),
    assign: (runner, role) => instances.assign(runner, role),
    runHook: (hook) => runHook(hook),
    get stopHooksMs() {
      return [...STOP_HOOKS].reduce((sum, hook) => sum + (hooks.get(hook)?.timeoutMs ?? 0), 0)
    },
    release() {
      clearTimeout(warmupTimer)
      gate.cancel()
      for (const { runner } of instances.all) runner.release()
    },
  }
  resize(false)
  return pool
}

const UP_STATES: ReadonlySet<string> = new Set(['preparing', 'starting', 'running', 'ready'])

const STOP_HOOKS = ['beforeStop', 'beforeSignal', 'beforeReap', 'afterReap', 'afterStop'] as const

/** Asked often, and planning is not free. */
const readHooks = (spec: ProcessSpec, { socketAddresses }: RunnerServices): ReadonlyMap<string, HookSpec> => {
  try {
    return new Map(Object.entries(spec.planInstance({ index: 1, socketAddresses: socketAddresses() }).hooks))
  } catch {
    // Its instances cannot be planned either, and say so when they are to start.
    return new Map()
  }
}
