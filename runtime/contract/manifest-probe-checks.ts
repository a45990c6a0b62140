// Start-up, readiness and liveness: one way to ask each, and answers that can come.

import { parseAddress } from './address.ts'
import type { CheckDeclaration, LivenessDeclaration, ProcessDeclaration, ReadyDeclaration } from './manifest-schema.ts'
import { checkPublicKeys, checkPublicTexts } from './manifest-reference-checks.ts'
import type { Scope } from './manifest-reference-checks.ts'
import { checkAlternatives, checkPositive, problemIf } from './manifest-value-checks.ts'
import { isLiteral } from './placeholder.ts'
import { parseDurationMs } from './quantity.ts'

export const checkProbes = (scope: Scope, place: string, declaration: ProcessDeclaration): readonly string[] => {
  const { startup, ready, liveness } = declaration
  return [
    ...(startup === undefined ? [] : checkStartup(scope, `${place}.startup`, startup)),
    ...(ready === undefined ? [] : [...checkStartup(scope, `${place}.ready`, ready), ...checkRecheck(`${place}.ready`, ready)]),
    ...(liveness === undefined ? [] : checkLiveness(scope, `${place}.liveness`, liveness)),
    ...checkTogether(place, declaration),
  ]
}

const checkStartup = (scope: Scope, place: string, check: CheckDeclaration): readonly string[] => {
  const { tcp, unix, http, exec, logLine, notify, fd, path, interval, timeout } = check
  const isTooSlow = (parseDurationMs(interval) ?? 0) > (parseDurationMs(timeout) ?? 0)
  return [
    ...checkAlternatives(place, { tcp, unix, http, exec, logLine, notify, fd, path }),
    ...checkAsked(scope, place, check),
    ...checkPublicKeys(scope, place, { logLine, path }),
    ...checkPattern(`${place}.logLine`, logLine ?? ''),
    ...checkPositive(place, { interval, timeout }),
    ...problemIf(isTooSlow, `${place}: asked every ${interval}, but given up after ${timeout}`),
  ]
}

const checkAsked = (scope: Scope, place: string, { tcp, unix, http, exec }: Pick<CheckDeclaration, 'tcp' | 'unix' | 'http' | 'exec'>): readonly string[] => [
  ...checkPublicKeys(scope, place, { tcp, unix, http }),
  ...checkPublicTexts(scope, `${place}.exec`, exec),
  ...problemIf(tcp !== undefined && isLiteral(tcp) && parseAddress(tcp) === undefined, `${place}.tcp: expected host:port`),
  ...problemIf(http !== undefined && !isUrl(http), `${place}.http: expected a URL such as http://localhost:8000/`),
]

/** A server that listens on every interface may be written as http://:8000/. */
const isUrl = (text: string): boolean => !isLiteral(text) || (/^https?:\/\//.test(text) && URL.canParse(text.replace('://:', '://localhost:')))

export const checkPattern = (place: string, source: string): readonly string[] =>
  problemIf(isLiteral(source) && parsePattern(source) === undefined, `${place}: not a regular expression`)

export const parsePattern = (source: string): RegExp | undefined => {
  try {
    return new RegExp(source, 'u')
  } catch {
    // The only thing RegExp throws is a SyntaxError, which is the answer.
    return undefined
  }
}

const checkRecheck = (place: string, { recheck, notify, fd, logLine }: ReadyDeclaration): readonly string[] => {
  const isToldOnce = notify === true || fd !== undefined || logLine !== undefined
  return [
    ...checkPositive(place, { recheck }),
    ...problemIf(recheck !== undefined && isToldOnce, `${place}.recheck: "notify", "fd" and "logLine" cannot be asked again`),
  ]
}

const checkLiveness = (scope: Scope, place: string, liveness: LivenessDeclaration): readonly string[] => {
  const { tcp, unix, http, exec, redis, watchdog, interval, timeout } = liveness
  const isNowhere = redis !== undefined && isLiteral(redis) && !redis.startsWith('/') && parseAddress(redis) === undefined
  return [
    ...checkAlternatives(place, { tcp, unix, http, exec, redis, watchdog }),
    ...checkAsked(scope, place, liveness),
    ...checkPublicKeys(scope, place, { redis }),
    ...problemIf(isNowhere, `${place}.redis: expected host:port or /path`),
    ...checkPositive(place, { watchdog, interval, timeout }),
  ]
}

const FIRST_SOCKET_FD = 3

/** What start-up and readiness cannot both have. */
const checkTogether = (place: string, declaration: ProcessDeclaration): readonly string[] => {
  const { startup, ready, sockets, environment } = declaration
  const lastSocketFd = FIRST_SOCKET_FD + sockets.length - 1
  const isTaken = [startup?.fd, ready?.fd].some((fd) => fd !== undefined && fd <= lastSocketFd)
  const foreign = listReservedNames(declaration).filter((name) => Object.hasOwn(environment, name))
  return [
    ...problemIf(startup?.notify === true && ready?.notify === true, `${place}: "notify" is told once: leave out "startup"`),
    ...problemIf(startup?.fd !== undefined && ready?.fd !== undefined, `${place}: there can be one "fd": leave out "startup"`),
    ...problemIf(isTaken, `${place}: descriptors ${FIRST_SOCKET_FD} to ${lastSocketFd} are its sockets, so "fd" cannot be one of them`),
    ...foreign.map((name) => `${place}.environment.${name}: this variable is set by the supervisor`),
  ]
}

/** Variables that are ours when what they are for is used. */
const listReservedNames = ({ startup, ready, liveness, sockets }: ProcessDeclaration): readonly string[] => {
  const isWatched = liveness?.watchdog !== undefined
  const isNotified = isWatched || [startup?.notify, ready?.notify].includes(true)
  return [
    ...(isNotified ? ['NOTIFY_SOCKET'] : []),
    ...(isWatched ? ['WATCHDOG_USEC', 'WATCHDOG_PID'] : []),
    ...(sockets.length === 0 ? [] : ['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES']),
  ]
}
