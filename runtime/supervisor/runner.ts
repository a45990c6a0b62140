// Drives one process: feeds events to the state table and carries out the effects.

import type { ProcessSpec } from '../contract/process-spec.ts'
import type { LogHub } from '../log/log-hub.ts'
import type { Report } from '../log/report.ts'
import { createChild } from './child.ts'
import type { Child } from './child.ts'
import { createProbe } from './probe.ts'
import type { Probe } from './probe.ts'
import { runProbeCommand } from './probe-command.ts'
import { createSessionCleaner, readSession, sendSignal, signalGroup } from './session.ts'
import type { SessionCleaner } from './session.ts'
import { createRecord, transition } from './state.ts'
import type { Effect, ProcessEvent, ProcessRecord } from './state.ts'
import type { Drain, StreamSet } from './stream-set.ts'

export type RunnerOptions = {
  readonly spec: ProcessSpec
  readonly shimPath: string
  readonly fifosDir: string
  readonly hub: LogHub
  readonly streams: StreamSet
  readonly report: Report
  readonly onChange: (before: ProcessRecord, after: ProcessRecord) => void
}

export type Runner = {
  readonly spec: ProcessSpec
  readonly record: ProcessRecord
  readonly dispatch: (event: ProcessEvent) => void
}

export const createRunner = (options: RunnerOptions): Runner => {
  const { spec, report, onChange } = options
  let record = createRecord()
  const run = createRun(options, (event) => dispatch(event))
  const dispatch = (event: ProcessEvent): void => {
    const before = record
    const next = transition(before, event, { spec, nowMs: performance.now(), random: Math.random() })
    record = next.record
    for (const effect of next.effects) {
      if (effect.kind === 'reportImpossible') report.warn(`${spec.name}: cannot happen: ${effect.event} while ${effect.state}`)
      else run(effect)
    }
    if (record !== before) onChange(before, record)
  }
  return {
    spec,
    get record() {
      return record
    },
    dispatch,
  }
}

type Action = Exclude<Effect, { kind: 'reportImpossible' }>

const createRun = (options: RunnerOptions, dispatch: (event: ProcessEvent) => void): ((effect: Action) => void) => {
  const { spec, shimPath, hub, streams } = options
  const timers: Partial<Record<'grace' | 'retry', NodeJS.Timeout>> = {}
  let child: Child | undefined
  let drain: Drain | undefined
  let probe: Probe | undefined
  let cleaner: SessionCleaner | undefined
  let isKilled = false
  let runs = 0
  let sinceSequence = 0

  const spawn = (): void => {
    runs += 1
    isKilled = false
    cleaner = undefined
    drain = undefined
    sinceSequence = hub.sequence
    const fifoDir = `${options.fifosDir}/${spec.name}.${runs}`
    child = createChild(
      { shimPath, command: spec.command, environment: spec.environment, workingDir: spec.workingDir, fifoDir },
      {
        piped: (pipes) => {
          drain = streams.add(pipes, (stream, lines) => hub.publish(spec.name, stream, lines))
        },
        spawned: (pid) => dispatch({ kind: 'spawned', pid }),
        exited: (exit) => dispatch({ kind: 'exit', exit }),
      },
    )
  }
  const signalStop = (): void => {
    if (child?.pid === undefined) return
    signalGroup(child.pid, spec.stopSignal)
    // A stopped process would take the signal only after it is continued.
    signalGroup(child.pid, 'SIGCONT')
  }
  const killSession = (): void => {
    isKilled = true
    if (cleaner !== undefined) return cleaner.kill()
    if (child?.pid === undefined) return
    signalGroup(child.pid, 'SIGKILL')
    for (const pid of readSession(child.pid, false)) sendSignal(pid, 'SIGKILL')
  }
  const clearSession = (): void => {
    const finish = (remaining: number): void => {
      if (remaining > 0) options.report.warn(`${spec.name}: ${remaining} of its processes cannot be ended`)
      const drained = drain === undefined ? Promise.resolve() : drain(DRAIN_MS)
      void drained.then(() => dispatch({ kind: 'cleared' }))
    }
    if (child?.pid === undefined) return finish(0)
    cleaner = createSessionCleaner({ sessionId: child.pid, signal: spec.stopSignal, isKill: isKilled }, finish)
  }
  const startProbe = (): void => {
    if (spec.ready === undefined) return
    const runCommand = (command: readonly string[], signal: AbortSignal): Promise<boolean> => runProbeCommand({ shimPath, spec, command, signal })
    probe = createProbe({ process: spec.name, ready: spec.ready, hub, sinceSequence, runCommand }, (kind) => dispatch({ kind }))
  }
  const actions = {
    spawn,
    signalStop,
    killSession,
    clearSession,
    startProbe,
    stopProbe: () => probe?.cancel(),
  }
  return (effect) => {
    if (effect.kind === 'cancelTimer') clearTimeout(timers[effect.timer])
    else if (effect.kind === 'startTimer') {
      clearTimeout(timers[effect.timer])
      const event = effect.timer === 'grace' ? 'graceExpired' : 'retry'
      timers[effect.timer] = setTimeout(dispatch, effect.afterMs, { kind: event })
    } else actions[effect.kind]()
  }
}

/** After the exit: usually the pipes end at once; a grandchild outside the session may keep them open for ever. */
const DRAIN_MS = 250
