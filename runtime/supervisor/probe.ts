// Readiness: asks until the answer is yes or the time is over. Log lines are events; sockets and commands are tried
// again at short, growing intervals, because the kernel tells nobody that somebody else listens.

import { connect } from 'node:net'
import type { LookupFunction } from 'node:net'
import type { LogEvent, LogHub } from '../log/log-hub.ts'
import { decodeLines } from '../log/log-hub.ts'
import type { ReadyCheck, ReadySpec } from '../contract/process-spec.ts'

export type Probe = { cancel(): void }

export type ProbeRequest = {
  readonly process: string
  readonly ready: ReadySpec
  readonly hub: LogHub
  /** Lines after this one are of the run in question. */
  readonly sinceSequence: number
  /** Runs a command in the environment of the process; the answer is whether it succeeded. */
  readonly runCommand: (command: readonly string[], signal: AbortSignal) => Promise<boolean>
}

/** `done` is called at most once, and never after cancel(). */
export const createProbe = (request: ProbeRequest, done: (outcome: 'ready' | 'readyTimeout') => void): Probe => {
  const { check, timeoutMs } = request.ready
  const abort = new AbortController()
  const finish = (outcome: 'ready' | 'readyTimeout'): void => {
    if (abort.signal.aborted) return
    abort.abort()
    done(outcome)
  }
  const timer = setTimeout(finish, timeoutMs, 'readyTimeout')
  abort.signal.addEventListener('abort', () => clearTimeout(timer))
  if (check.kind === 'logLine') {
    abort.signal.addEventListener(
      'abort',
      watchLines(request, check.pattern, () => finish('ready')),
    )
  } else void askUntilReady(request, check, abort.signal).then((isReady) => isReady && finish('ready'))
  return { cancel: () => abort.abort() }
}

/** A program may have said it before anybody knew that it runs: what is kept of its output counts too. */
const watchLines = (request: ProbeRequest, pattern: RegExp, found: () => void): (() => void) => {
  const { process: name, hub, sinceSequence } = request
  const look = ({ process, bytes, sequence }: LogEvent): void => {
    if (process !== name || sequence <= sinceSequence) return
    if (decodeLines(bytes).some((line) => pattern.test(line))) found()
  }
  const unsubscribe = hub.subscribe(look)
  // Later, like every other answer: the caller is in the middle of a transition.
  queueMicrotask(() => {
    for (const event of hub.recent([name])) look(event)
  })
  return unsubscribe
}

type AskedCheck = Exclude<ReadyCheck, { kind: 'logLine' }>

const askUntilReady = async (request: ProbeRequest, check: AskedCheck, signal: AbortSignal): Promise<boolean> => {
  for (let delayMs = FIRST_RETRY_MS; !signal.aborted; delayMs = Math.min(delayMs * RETRY_GROWTH, request.ready.intervalMs)) {
    if (await ask(request, check, signal)) return true
    await pause(delayMs, signal)
  }
  return false
}

const FIRST_RETRY_MS = 2
/** The answer is late by at most this share of the time that the program needed. */
const RETRY_GROWTH = 1.2

const ask = (request: ProbeRequest, check: AskedCheck, signal: AbortSignal): Promise<boolean> => {
  if (check.kind === 'exec') return request.runCommand(check.command, signal)
  return canConnect(check.kind === 'tcp' ? check : { path: check.socketPath }, signal)
}

const canConnect = (target: { host: string; port: number } | { path: string }, signal: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ ...target, ...('host' in target && isLocalhost(target.host) ? { lookup: lookupLocalhost } : {}), signal })
    const answer = (isConnected: boolean): void => {
      socket.destroy()
      resolve(isConnected)
    }
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => answer(false))
    socket.on('connect', () => answer(true))
    socket.on('error', () => answer(false))
  })

/** RFC 6761: these names mean this host, also where neither /etc/hosts nor a name server says so. */
const isLocalhost = (host: string): boolean => /^(?:.*\.)?localhost$/i.test(host)

const lookupLocalhost: LookupFunction = (_name, _options, answer) =>
  answer(null, [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ])

const CONNECT_TIMEOUT_MS = 2000

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })
