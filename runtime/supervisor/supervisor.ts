// All processes of a bundle: starts them as their dependencies allow, stops them in reverse, decides when the whole
// is over. A failing process is an event here, never an exception.

import type { ProcessStatus } from '../contract/control.ts'
import { NixpackError } from '../contract/errors.ts'
import { renderSuggestion } from '../contract/nearest-name.ts'
import type { ExitPolicy, ProcessSpec } from '../contract/process-spec.ts'
import { TIMER_MAX_MS } from '../contract/quantity.ts'
import { resolveExitStatus } from './child-exit.ts'
import { describeChange, describeStatus } from './describe.ts'
import { resolveEnding } from './exit-policy.ts'
import type { Ending } from './exit-policy.ts'
import { isSettled, planStopDeadlineMs, resolveReadiness, resolveStoppable } from './graph.ts'
import type { Standing } from './graph.ts'
import { createOutcome } from './outcome.ts'
import type { Outcome } from './outcome.ts'
import { createRunner } from './runner.ts'
import type { Runner, RunnerOptions } from './runner.ts'

export type SupervisorOptions = Omit<RunnerOptions, 'spec' | 'onChange'> & {
  readonly specs: readonly ProcessSpec[]
  readonly exitPolicy: ExitPolicy
}

export type Verb = 'start' | 'stop' | 'restart'

export type Supervisor = {
  start(): void
  /** Ordered stop of everything; the bundle ends with status 0. Told again, it kills. */
  down(reason: string): void
  /** No names mean every process. Throws CONTROL_REFUSED for an unknown name, and while the bundle stops. */
  command(verb: Verb, names: readonly string[]): void
  /** Throws CONTROL_REFUSED for an unknown name. */
  resolveNames(names: readonly string[]): readonly string[]
  status(): readonly ProcessStatus[]
  readonly isStopping: boolean
  readonly done: Promise<Outcome>
}

/** Processes on their way down together, in order; then, perhaps, up again. */
type Group = { readonly names: readonly string[]; readonly startsAgain: boolean }

type Fleet = {
  readonly specs: readonly ProcessSpec[]
  readonly runnerOf: (name: string) => Runner
}

export const createSupervisor = (options: SupervisorOptions): Supervisor => {
  const { specs, exitPolicy, report } = options
  const done = Promise.withResolvers<Outcome>()
  let groups: readonly Group[] = []
  let ending: Ending | 'commanded' | undefined
  let deadlineTimer: NodeJS.Timeout | undefined

  const step = (): void => {
    if (ending === undefined) {
      groups = groups.filter((group) => !advanceGroup(fleet, group))
      for (const { name } of specs) startIfReady(fleet, name)
      const cause = resolveEnding(
        exitPolicy,
        specs.map((spec) => ({ spec, ...standingOf(fleet, spec.name) })),
      )
      if (cause !== undefined) beginEnd(cause)
    }
    if (ending !== undefined)
      stopInOrder(
        fleet,
        specs.map(({ name }) => name),
      )
  }
  const settle = (): void => {
    if (ending === undefined || !specs.every(({ name }) => isSettled(standingOf(fleet, name).state))) return
    clearTimeout(deadlineTimer)
    done.resolve(createOutcome(ending, fleet.runnerOf))
  }
  const advance = createAdvance(step, settle)
  const fleet = createFleet(options, advance)

  const beginEnd = (cause: Ending | 'commanded'): void => {
    ending = cause
    deadlineTimer = setTimeout(killAll, Math.min(planStopDeadlineMs(specs) + DEADLINE_MARGIN_MS, TIMER_MAX_MS), fleet)
  }
  return {
    start() {
      for (const { name } of specs) fleet.runnerOf(name).dispatch({ kind: 'start' })
      advance()
    },
    down(reason) {
      report.info(`${ending === undefined ? 'stopping' : 'killing'}: ${reason}`)
      if (ending === undefined) beginEnd('commanded')
      else killAll(fleet)
      advance()
    },
    command(verb, names) {
      const resolved = resolveNames(specs, names)
      if (ending !== undefined) throw new NixpackError('CONTROL_REFUSED', `cannot ${verb} processes: the bundle is stopping`)
      if (verb === 'start') {
        groups = withoutNames(groups, resolved)
        for (const name of resolved) fleet.runnerOf(name).dispatch({ kind: 'start' })
      } else groups = [...groups, { names: resolved, startsAgain: verb === 'restart' }]
      advance()
    },
    resolveNames: (names) => resolveNames(specs, names),
    status: () => specs.map(({ name }) => describeStatus(name, fleet.runnerOf(name).record, performance.now())),
    get isStopping() {
      return ending !== undefined
    },
    done: done.promise,
  }
}

/** Beyond the processes' own graceful timeouts: their SIGKILL and the rest of their sessions. */
const DEADLINE_MARGIN_MS = 2000

/** Events that a step causes run another step after it, not within it. */
const createAdvance = (step: () => void, settle: () => void): (() => void) => {
  let isAdvancing = false
  let isDirty = false
  return () => {
    isDirty = true
    if (isAdvancing) return
    isAdvancing = true
    while (isDirty) {
      isDirty = false
      step()
    }
    isAdvancing = false
    settle()
  }
}

const createFleet = (options: SupervisorOptions, advance: () => void): Fleet => {
  const runners = new Map<string, Runner>()
  for (const spec of options.specs) {
    const onChange: RunnerOptions['onChange'] = (before, after) => {
      const news = describeChange(before, after, spec)
      if (news !== undefined) options.report.info(`${spec.name} ${news}`)
      advance()
    }
    runners.set(spec.name, createRunner({ ...options, spec, onChange }))
  }
  const runnerOf = (name: string): Runner => {
    const runner = runners.get(name)
    if (runner === undefined) throw new Error(`unreachable: no process "${name}"`)
    return runner
  }
  return { specs: options.specs, runnerOf }
}

const standingOf = ({ runnerOf }: Fleet, name: string): Standing => {
  const { state, exit } = runnerOf(name).record
  return { state, succeeded: state === 'completed' && exit !== undefined && resolveExitStatus(exit) === 0 }
}

const startIfReady = (fleet: Fleet, name: string): void => {
  const { spec, record, dispatch } = fleet.runnerOf(name)
  if (record.state !== 'waiting') return
  const readiness = resolveReadiness(spec, (other) => standingOf(fleet, other))
  if (readiness.kind === 'met') dispatch({ kind: 'dependenciesMet' })
  if (readiness.kind === 'failed') dispatch({ kind: 'dependencyFailed', reason: readiness.reason })
}

const stopInOrder = (fleet: Fleet, names: readonly string[]): void => {
  for (const name of resolveStoppable(fleet.specs, names, (other) => standingOf(fleet, other).state)) {
    const { record, dispatch } = fleet.runnerOf(name)
    if (record.wanted) dispatch({ kind: 'stop' })
  }
}

/** The latest command counts: what is to start is no longer on its way down. */
const withoutNames = (groups: readonly Group[], started: readonly string[]): readonly Group[] =>
  groups.map((group) => (group.startsAgain ? group : { ...group, names: group.names.filter((name) => !started.includes(name)) }))

/** True when the group is down, and up again where that was asked for. */
const advanceGroup = (fleet: Fleet, { names, startsAgain }: Group): boolean => {
  stopInOrder(fleet, names)
  if (!names.every((name) => isSettled(standingOf(fleet, name).state))) return false
  if (startsAgain) for (const name of names) fleet.runnerOf(name).dispatch({ kind: 'start' })
  return true
}

const killAll = ({ specs, runnerOf }: Fleet): void => {
  for (const { name } of specs) if (!isSettled(runnerOf(name).record.state)) runnerOf(name).dispatch({ kind: 'kill' })
}

const resolveNames = (specs: readonly ProcessSpec[], names: readonly string[]): readonly string[] => {
  const known = specs.map(({ name }) => name)
  for (const name of names) {
    if (known.includes(name)) continue
    const hint = `name one of: ${known.join(', ')}`
    throw new NixpackError('CONTROL_REFUSED', `cannot find process "${name}"${renderSuggestion(name, known)}`, { hint })
  }
  return names.length === 0 ? known : names
}
