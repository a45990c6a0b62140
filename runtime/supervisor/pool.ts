// All instances of one process: as many as wanted, started one after the other where that is declared, replaced by a
// reload. What order processes keep among each other is not decided here.

import type { HookName, HookSpec, ProcessSpec, StopStep } from '../contract/process-spec.ts'
import { isIdle, isSettled } from './graph.ts'
import type { Standing } from './graph.ts'
import { createGate } from './pool-gate.ts'
import { clampCount, planScale, renderLabel, resolveStanding } from './pool-plan.ts'
import type { Member } from './pool-plan.ts'
import { createHookRunner } from './runner-hooks.ts'
import { createRunner } from './runner.ts'
import type { Runner } from './runner.ts'
import type { RunnerServices } from './runner-services.ts'
import type { ProcessEvent, ProcessRecord } from './state.ts'

/** `trial`: to become a member when it is ready. `leaving`: to be forgotten when it has ended. */
export type Role = 'member' | 'trial' | 'leaving'

export type Instance = { readonly runner: Runner; readonly role: Role; readonly order: number; readonly label: string }

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

export type StopRequest = { readonly steps?: readonly StopStep[] | undefined; readonly indexes?: readonly number[] | undefined }

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
  let instances: readonly Instance[] = []
  let isStopping = false
  let created = 0
  let nextStartAtMs = 0
  let warmupTimer: NodeJS.Timeout | undefined
  let hooks = readHooks(spec, services)

  const labelOf = (index: number): string => renderLabel({ name: spec.name, numprocesses: count }, index)
  const createInstance = (index: number, role: Role): Instance => {
    const runner: Runner = createRunner({
      services,
      process: spec.name,
      index,
      spec: () => spec,
      label: () => labelOf(index),
      onChange: (before, after, event) => onChange({ pool, instance: find(runner), before, after, event }),
      onTrouble: (text) => onTrouble(pool, labelOf(index), text),
    })
    created += 1
    const order = created
    const instance: Instance = {
      runner,
      role,
      order,
      get label() {
        return labelOf(index)
      },
    }
    instances = [...instances, instance]
    return instance
  }
  const find = (runner: Runner): Instance => {
    const instance = instances.find((one) => one.runner === runner)
    if (instance === undefined) throw new Error(`unreachable: ${spec.name}:${runner.index} is not part of its pool`)
    return instance
  }
  const assign = (runner: Runner, role: Role): void => {
    instances = instances.map((one) => (one.runner === runner ? copyInstance(one, role) : one))
  }
  const selected = (indexes: readonly number[] | undefined): readonly Runner[] =>
    instances.filter(({ runner }) => indexes?.includes(runner.index) ?? true).map(({ runner }) => runner)
  const resize = (isRunning: boolean): void => {
    const { create, retire } = planScale(pool.members, count)
    for (const index of create) {
      const { runner } = createInstance(index, 'member')
      if (isRunning) runner.dispatch({ kind: 'start' })
    }
    for (const { runner } of instances.filter(({ runner, role }) => role === 'member' && retire.includes(runner.index))) {
      assign(runner, 'leaving')
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
      for (const { runner } of instances) {
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
      return instances
    },
    get members() {
      return instances.map(describeMember)
    },
    get standing() {
      return resolveStanding(pool.members, count)
    },
    get isSettled() {
      return !gate.isBusy && instances.every(({ runner }) => isSettled(runner.record.state))
    },
    get isIdle() {
      return !gate.isBusy && instances.every(({ runner }) => isIdle(runner.record.state))
    },
    get isWanted() {
      return instances.some(({ runner, role }) => role === 'member' && runner.record.wanted)
    },
    start(indexes) {
      if (isStopping) gate.cancel()
      isStopping = false
      resize(false)
      for (const runner of selected(indexes)) if (find(runner).role === 'member') runner.dispatch({ kind: 'start' })
    },
    stop({ steps, indexes } = {}) {
      const order = (): void => {
        for (const runner of selected(indexes)) runner.dispatch(steps === undefined ? { kind: 'stop' } : { kind: 'stop', steps })
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
      gate.cancel()
      for (const { runner } of instances) if (!isSettled(runner.record.state)) runner.dispatch({ kind: 'kill' })
    },
    restartUp(reason) {
      for (const { runner } of instances) if (UP_STATES.has(runner.record.state)) runner.dispatch({ kind: 'restart', reason })
    },
    scale(wanted) {
      const isRunning = pool.isWanted || (count === 0 && !isStopping)
      count = clampCount(spec, wanted)
      resize(isRunning)
    },
    replaceSpec(next) {
      spec = next
      hooks = readHooks(spec, services)
    },
    admit() {
      // What ends while the hook before the stop runs does not come back.
      if (isStopping || !instances.some(({ runner }) => runner.record.state === 'waiting')) return
      gate.open()
      if (!gate.isOpen) return
      for (const { runner } of instances.filter(({ runner }) => runner.record.state === 'waiting')) {
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
      for (const { runner } of instances) if (runner.record.state === 'waiting') runner.dispatch({ kind: 'dependencyFailed', reason })
    },
    settle() {
      instances = instances.filter(({ runner, role }) => role !== 'leaving' || !isSettled(runner.record.state))
      if (instances.every(({ runner }) => isSettled(runner.record.state))) gate.close()
      else if (pool.standing === 'ready') gate.announce()
    },
    create: (indexes, role) => indexes.map((index) => createInstance(index, role).runner),
    assign,
    runHook: (hook) => runHook(hook),
    get stopHooksMs() {
      return [...STOP_HOOKS].reduce((sum, hook) => sum + (hooks.get(hook)?.timeoutMs ?? 0), 0)
    },
    release() {
      clearTimeout(warmupTimer)
      gate.cancel()
      for (const { runner } of instances) runner.release()
    },
  }
  resize(false)
  return pool
}

const UP_STATES: ReadonlySet<string> = new Set(['starting', 'running', 'ready'])

/** Its label is still a question of how many there are. */
const copyInstance = (instance: Instance, role: Role): Instance => ({
  runner: instance.runner,
  role,
  order: instance.order,
  get label() {
    return instance.label
  },
})

const describeMember = ({ runner, role, order }: Instance): Member => ({
  index: runner.index,
  state: runner.record.state,
  succeeded: runner.record.succeeded,
  isLeaving: role !== 'member',
  order,
})

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
