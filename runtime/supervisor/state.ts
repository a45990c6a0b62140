// The life of one instance as a table: state x event -> new record and effects. Pure; the runner carries the
// effects out. What is wanted is kept apart from what is the case, and a stop that was asked for is no crash.

import type { ProcessState } from '../contract/control.ts'
import { afterClearing, retry } from './state-end.ts'
import type { Context, EventKind, ProcessEvent, ProcessRecord, Transition } from './state-record.ts'
import * as up from './state-start.ts'
import { ignore, impossible } from './state-start.ts'
import type { Cell } from './state-start.ts'
import * as down from './state-stop.ts'

export const transition = (record: ProcessRecord, event: ProcessEvent, context: Context): Transition =>
  TABLE[record.state][event.kind](down.absorb(record, event, context), context, event)

const NOTHING_RUNS = {
  hookPassed: impossible,
  hookFailed: impossible,
  spawned: impossible,
  startupPassed: impossible,
  ready: impossible,
  unready: impossible,
  startTimeout: impossible,
  unhealthy: impossible,
  exceeded: impossible,
  expired: impossible,
  exit: impossible,
  cleared: impossible,
  graceExpired: impossible,
  // A descendant may still be talking.
  extended: ignore,
  mainPid: ignore,
  noticed: ignore,
} satisfies Partial<Record<EventKind, Cell>>

const NOTHING_AWAITED = {
  dependenciesMet: ignore,
  dependencyFailed: ignore,
  demanded: impossible,
  due: impossible,
  retry: impossible,
} satisfies Partial<Record<EventKind, Cell>>

const AT_REST = { ...NOTHING_RUNS, ...NOTHING_AWAITED, start: up.begin, stop: ignore, kill: ignore, restart: up.beginNow }

const ON_THE_WAY = { ...NOTHING_RUNS, ...NOTHING_AWAITED, start: ignore }

const RUNS = {
  ...ON_THE_WAY,
  stop: down.stop,
  kill: down.kill,
  restart: down.restartRun,
  exit: down.clear,
}

/** Observed: by checks, limits and its age. */
const UP = { ...RUNS, unhealthy: down.correct, exceeded: down.correct, expired: down.expire }

export const TABLE: Readonly<Record<ProcessState, Readonly<Record<EventKind, Cell>>>> = {
  stopped: AT_REST,
  completed: AT_REST,
  failed: AT_REST,
  waiting: { ...ON_THE_WAY, stop: up.rest, kill: up.rest, restart: ignore, dependenciesMet: up.prepare, dependencyFailed: up.fail },
  scheduled: { ...ON_THE_WAY, stop: up.stopWaitingForTime, kill: up.stopWaitingForTime, restart: up.beginNow, due: up.runScheduled },
  listening: { ...ON_THE_WAY, stop: up.stopListening, kill: up.stopListening, restart: ignore, demanded: up.answerDemand },
  backoff: { ...ON_THE_WAY, start: up.beginNow, stop: up.rest, kill: up.rest, restart: up.beginNow, retry },
  preparing: { ...ON_THE_WAY, stop: up.stopPreparing, kill: up.stopPreparing, restart: up.prepareAgain, hookPassed: up.spawn, hookFailed: up.fail },
  starting: { ...RUNS, spawned: up.run },
  running: {
    ...UP,
    hookPassed: up.passHook,
    hookFailed: down.abort,
    startupPassed: up.passStartup,
    ready: up.becomeReady,
    unready: ignore,
    startTimeout: down.stopUnready,
  },
  ready: { ...UP, hookFailed: down.abort, ready: ignore, unready: up.becomeUnready },
  stopping: {
    ...RUNS,
    start: down.wantUp,
    stop: down.wantDown,
    restart: down.wantAgain,
    // The signal may be on its way just as the program is executed.
    spawned: ignore,
    graceExpired: down.escalate,
    extended: down.extend,
  },
  clearing: {
    ...ON_THE_WAY,
    start: down.wantUp,
    stop: down.wantDown,
    kill: down.killRest,
    restart: down.wantAgain,
    cleared: afterClearing,
    graceExpired: down.escalateRest,
  },
}

export { createRecord } from './state-record.ts'
export type { ChildExit, Context, Effect, ProcessEvent, ProcessRecord, TimerName, Transition } from './state-record.ts'
