// When a log file is rotated by time, and what its backup is called then: as Python's TimedRotatingFileHandler and
// circus have it, except that days are those of the calendar also where the clock is changed.

import type { LogFileSpec } from '../contract/process-spec.ts'
import { renderTime } from './strftime.ts'

export type TimeRotation = NonNullable<LogFileSpec['rotation']>

/** When the period ends in which this time lies. */
export const resolveRolloverMs = ({ when, interval, utc }: TimeRotation, fromMs: number): number => {
  const unitMs = UNITS_MS[when]
  if (unitMs !== undefined) return fromMs + unitMs * interval
  if (when === 'midnight') return startOfDay(fromMs, interval, utc)
  const days = (Number(when.slice(1)) - weekdayFromMonday(fromMs, utc) + 7) % 7
  return startOfDay(fromMs, days + 1 + 7 * (interval - 1), utc)
}

/** The suffix that names the period which ends then. */
export const renderPeriod = ({ when, interval, utc }: TimeRotation, rolloverMs: number): string => {
  const unitMs = UNITS_MS[when]
  const days = when === 'midnight' ? interval : 7 * interval
  const startMs = unitMs === undefined ? startOfDay(rolloverMs, -days, utc) : rolloverMs - unitMs * interval
  return renderTime(SUFFIXES[when] ?? DAY_SUFFIX, startMs, utc)
}

const UNITS_MS: Readonly<Record<string, number>> = { S: 1000, M: 60_000, H: 3_600_000, D: 86_400_000 }
const DAY_SUFFIX = '%Y%m%d'
const SUFFIXES: Readonly<Record<string, string>> = { S: '%Y%m%d%H%M%S', M: '%Y%m%d%H%M', H: '%Y%m%d%H' }

const startOfDay = (timeMs: number, daysLater: number, utc: boolean): number => {
  const date = new Date(timeMs)
  if (utc) return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + daysLater)
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + daysLater).getTime()
}

const weekdayFromMonday = (timeMs: number, utc: boolean): number => {
  const date = new Date(timeMs)
  return ((utc ? date.getUTCDay() : date.getDay()) + 6) % 7
}
