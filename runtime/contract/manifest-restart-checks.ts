// When a process runs again, and how it is stopped: policies and limits that exclude each other.

import { parseCron } from './cron.ts'
import type { ProcessDeclaration, ResourcesDeclaration, ScheduleDeclaration } from './manifest-schema.ts'
import { checkPublicKeys } from './manifest-reference-checks.ts'
import type { Scope } from './manifest-reference-checks.ts'
import { checkAlternatives, checkPositive, checkSignal, checkSignalOf, problemIf } from './manifest-value-checks.ts'
import { renderSuggestion } from './nearest-name.ts'
import { isLiteral } from './placeholder.ts'
import { parseDurationMs, parseSizeBytes } from './quantity.ts'
import { listTimeZoneNames, resolveTimeZone } from './time-zone.ts'

export const checkRestart = (scope: Scope, place: string, declaration: ProcessDeclaration): readonly string[] => {
  const { restart, oneshot, onDemand, schedule, resources } = declaration
  return [
    ...checkPolicy(place, declaration),
    ...checkStatuses(place, declaration),
    ...checkStop(place, declaration),
    ...(resources === undefined ? [] : checkResources(`${place}.resources`, resources)),
    ...(schedule === undefined ? [] : checkSchedule(scope, `${place}.schedule`, schedule)),
    ...problemIf(restart === 'always' && oneshot, `${place}: a "oneshot" ends when its work is done, so "restart" cannot be "always"`),
    ...problemIf(restart === 'always' && schedule !== undefined, `${place}: what is restarted always has no use for a "schedule"`),
    ...problemIf(onDemand && schedule !== undefined, `${place}: expected "schedule" or "onDemand", not both`),
    ...problemIf(onDemand && oneshot, `${place}: expected "oneshot" or "onDemand", not both`),
  ]
}

const checkPolicy = (place: string, declaration: ProcessDeclaration): readonly string[] => {
  const { restartDelay, restartDelayMax, restartWindow, flapping, maxAge } = declaration
  const isReversed = (parseDurationMs(restartDelay) ?? 0) > (parseDurationMs(restartDelayMax) ?? 0)
  return [
    ...problemIf(isReversed, `${place}.restartDelay: ${restartDelay} is above restartDelayMax, ${restartDelayMax}`),
    ...checkPositive(place, { restartWindow, maxAge }),
    ...(flapping === undefined ? [] : checkPositive(`${place}.flapping`, { window: flapping.window })),
  ]
}

const checkStatuses = (place: string, declaration: ProcessDeclaration): readonly string[] => {
  const { successStatuses, restartStatuses, preventStatuses } = declaration
  const signals = Object.entries({ successStatuses, restartStatuses, preventStatuses }).flatMap(([key, marks]) =>
    marks.flatMap((mark) => (typeof mark === 'string' ? checkSignal(`${place}.${key}`, mark) : [])),
  )
  const both = restartStatuses.filter((mark) => preventStatuses.includes(mark))
  return [...signals, ...both.map((mark) => `${place}: ${mark} is in restartStatuses and in preventStatuses`)]
}

const checkStop = (place: string, declaration: ProcessDeclaration): readonly string[] => {
  const { stopSignal, stopSignals, reload, liveness, resources } = declaration
  return [
    ...checkSignal(`${place}.stopSignal`, stopSignal),
    ...(stopSignals ?? []).flatMap(({ signal }, index) => checkSignal(`${place}.stopSignals.${index}.signal`, signal)),
    ...checkSignalOf(`${place}.reload`, reload),
    ...checkSignalOf(`${place}.liveness.action`, liveness?.action ?? 'restart'),
    ...checkSignalOf(`${place}.resources.action`, resources?.action ?? 'restart'),
  ]
}

const checkResources = (place: string, resources: ResourcesDeclaration): readonly string[] => {
  const { maxMemory, minMemory, maxCpu, minCpu, interval } = resources
  const isEmpty = maxMemory === undefined && minMemory === undefined && maxCpu === undefined && minCpu === undefined
  return [
    ...problemIf(isEmpty, `${place}: expected at least one of "maxMemory", "minMemory", "maxCpu" and "minCpu"`),
    ...checkPositive(place, { interval, maxMemory }),
    ...problemIf(maxCpu === 0, `${place}.maxCpu: expected more than 0`),
    ...Object.entries({ maxMemory, minMemory }).flatMap(([key, text]) => checkShare(`${place}.${key}`, text ?? '')),
    ...problemIf(isAbove(minMemory, maxMemory), `${place}: minMemory, ${minMemory}, is above maxMemory, ${maxMemory}`),
    ...problemIf((minCpu ?? 0) > (maxCpu ?? Number.POSITIVE_INFINITY), `${place}: minCpu, ${minCpu}, is above maxCpu, ${maxCpu}`),
  ]
}

const checkShare = (place: string, text: string): readonly string[] => {
  const share = text.endsWith('%') ? Number(text.slice(0, -1)) : 1
  return problemIf(share > 100 || (share === 0 && place.endsWith('maxMemory')), `${place}: expected a share from above 0% to 100%, got ${text}`)
}

/** A share and a size can be compared on the target only. */
const isAbove = (min: string | undefined, max: string | undefined): boolean => {
  if (min === undefined || max === undefined || min.endsWith('%') !== max.endsWith('%')) return false
  return parseAmount(min) > parseAmount(max)
}

const parseAmount = (text: string): number => (text.endsWith('%') ? Number(text.slice(0, -1)) : (parseSizeBytes(text) ?? 0))

const checkSchedule = (scope: Scope, place: string, { cron, interval, timeZone }: ScheduleDeclaration): readonly string[] => [
  ...checkAlternatives(place, { cron, interval }),
  ...checkPublicKeys(scope, place, { cron, timeZone }),
  ...checkCron(`${place}.cron`, cron),
  ...checkTimeZone(`${place}.timeZone`, timeZone),
  ...checkPositive(place, { interval }),
  ...problemIf(timeZone !== undefined && cron === undefined, `${place}.timeZone: it belongs to "cron"`),
]

const checkCron = (place: string, text: string | undefined): readonly string[] => {
  if (text === undefined || !isLiteral(text)) return []
  const parsed = parseCron(text)
  return parsed.ok ? [] : [`${place}: ${parsed.problem}`]
}

const checkTimeZone = (place: string, name: string | undefined): readonly string[] => {
  if (name === undefined || !isLiteral(name) || resolveTimeZone(name) !== undefined) return []
  return [`${place}: unknown time zone "${name}"${renderSuggestion(name, listTimeZoneNames())}`]
}
