// Puts the question of a check once. What cannot be asked but only waited for (log lines, messages) is not here.

import { lstatSync, statSync } from 'node:fs'
import { uptime } from 'node:os'
import type { LogHub } from '../log/log-hub.ts'
import type { ReadyCheck } from '../contract/process-spec.ts'
import { answerLate, answerNo, YES } from './probe-answer.ts'
import type { Answer } from './probe-answer.ts'
import type { CheckCommand, CommandEnd } from './probe-command.ts'
import { createConnectCheck } from './probe-connect.ts'
import type { RunFeed } from './probe-feed.ts'
import { askHttp, parseHttpTarget } from './probe-http.ts'
import { askRedis } from './probe-redis.ts'
import { TICKS_PER_SECOND } from './proc-stat.ts'
import type { RunFacts } from './process-tree-run.ts'
import { readStat } from './process-tree.ts'

export type CheckContext = {
  /** What its lines are called in the hub. */
  readonly process: string
  readonly hub: Pick<LogHub, 'subscribe' | 'recent'>
  /** Lines after this one are of the run in question. */
  readonly sinceSequence: number
  readonly run: RunFacts
  /** The leader's, or what the run has named instead (MAINPID). */
  readonly mainPid: () => number
  readonly feed: RunFeed
  /** Its readiness is what it says with READY=1. */
  readonly awaitsReady: boolean
  readonly runCommand: CheckCommand
}

export type PolledCheck = Extract<ReadyCheck, { kind: 'tcp' | 'unix' | 'http' | 'exec' | 'path' }>
export type Ask = (limitMs: number, signal: AbortSignal) => Promise<Answer>

export const isPolled = (check: ReadyCheck): check is PolledCheck => check.kind !== 'logLine' && check.kind !== 'notify' && check.kind !== 'fd'

/**
 * Of one run. `suspicious`: a stranger's listener is no answer. Once a run has been ready that is not looked at any more,
 * since nobody can take its address, and looking costs milliseconds.
 */
export const createAsk = (check: PolledCheck, context: CheckContext, trust: 'suspicious' | 'trusting'): Ask => {
  if (check.kind === 'exec') return createExecAsk(check.command, context)
  if (check.kind === 'path') return () => Promise.resolve(lookFor(check.path, context.run.leaderPid))
  const connectTo = createConnectCheck(trust === 'suspicious' ? context.run : undefined)
  if (check.kind === 'tcp' || check.kind === 'unix') {
    const target = check.kind === 'tcp' ? { host: check.host, port: check.port } : { path: check.socketPath }
    const talk = check.speaks === 'redis' ? { converse: askRedis } : {}
    return (limitMs, signal) => connectTo({ target, limitMs, signal, ...talk })
  }
  if (!URL.canParse(check.url)) return () => Promise.resolve(answerNo('its URL is none'))
  const http = parseHttpTarget(check.url)
  const { host, port } = http
  return (limitMs, signal) => connectTo({ target: { host, port }, limitMs, signal, converse: (socket, answer) => askHttp(http, socket, answer) })
}

const createExecAsk =
  (command: readonly string[], { runCommand }: CheckContext): Ask =>
  async (limitMs, signal) =>
    judgeEnd(await runCommand(command, limitMs, signal), command[0] ?? '', limitMs)

const judgeEnd = (end: CommandEnd, program: string, limitMs: number): Answer => {
  if (end.kind !== 'exit') return answerLate(`"${program}" did not end`, limitMs)
  const { exit } = end
  if (exit.kind === 'spawnFailed') return answerNo(exit.message)
  if (exit.kind === 'signal') return answerNo(`"${program}" was ended by ${exit.signal}`)
  return exit.code === 0 ? YES : answerNo(`"${program}" exited with status ${exit.code}`)
}

/** What an earlier run has left there does not count: "appears" means since this one began. */
const lookFor = (path: string, leaderPid: number): Answer => {
  try {
    // Of a link both count: itself, and what it leads to.
    const changedMs = Math.max(lstatSync(path).ctimeMs, statSync(path).ctimeMs)
    const startTicks = readStat(leaderPid)?.startTicks
    if (startTicks === undefined) return YES
    const startedMs = Date.now() - uptime() * 1000 + (startTicks / TICKS_PER_SECOND) * 1000
    return changedMs >= startedMs - CLOCK_MARGIN_MS ? YES : answerNo(`"${path}" is older than the process`)
  } catch {
    // ENOENT, ENOTDIR: not yet. EACCES: it cannot be told from not yet.
    return answerNo(`"${path}" is not there`)
  }
}

/** Uptime and file times are rounded down to their clocks' ticks. */
const CLOCK_MARGIN_MS = 50
