// When a cron expression matches next. Local time jumps twice a year: a job at a fixed time that is left out runs at
// the moment of the jump, one at a time that comes twice runs once; a periodic one runs whenever the clock shows it.

import type { CronExpression } from './cron.ts'
import type { TimeZone } from './time-zone.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** The longest pause between two 29ths of February that are a certain day of the week is 40 years (around 2100). */
const YEARS_MAX = 41

/** The first time strictly after that one; undefined: never. */
export const resolveNextRunMs = (cron: CronExpression, afterEpochMs: number, zone: TimeZone): number | undefined => {
  const localMs = afterEpochMs + zone.offsetMs(afterEpochMs)
  const firstDayMs = Math.floor(localMs / DAY_MS) * DAY_MS
  for (let dayMs = firstDayMs; dayMs < firstDayMs + YEARS_MAX * 366 * DAY_MS; dayMs = resolveFollowingDayMs(cron, dayMs)) {
    if (!isMatchingDay(cron, dayMs)) continue
    const runs = resolveRuns(cron, dayMs, zone).filter((runMs) => runMs > afterEpochMs)
    if (runs.length > 0) return runs.reduce((first, run) => Math.min(first, run))
  }
  return undefined
}

/** Local days are written as the UTC midnight of the same date. */
const resolveFollowingDayMs = ({ months }: CronExpression, dayMs: number): number => {
  const date = new Date(dayMs)
  return months.has(date.getUTCMonth() + 1) ? dayMs + DAY_MS : Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
}

const isMatchingDay = ({ daysOfMonth, months, daysOfWeek, eitherDay }: CronExpression, dayMs: number): boolean => {
  const date = new Date(dayMs)
  if (!months.has(date.getUTCMonth() + 1)) return false
  const [isDay, isWeekday] = [daysOfMonth.has(date.getUTCDate()), daysOfWeek.has(date.getUTCDay())]
  return eitherDay ? isDay || isWeekday : isDay && isWeekday
}

const resolveRuns = ({ hours, minutes, isPeriodic }: CronExpression, dayMs: number, zone: TimeZone): readonly number[] => {
  const jump = resolveOffsets(dayMs, zone)
  return [...hours].flatMap((hour) =>
    [...minutes].flatMap((minute) => {
      const localMs = dayMs + (hour * 60 + minute) * MINUTE_MS
      const [first, second] = resolveInstants(localMs, jump, zone)
      if (first === undefined) return isPeriodic ? [] : [findJumpMs(jump, zone)]
      return second === undefined || !isPeriodic ? [first] : [first, second]
    }),
  )
}

type Offsets = { readonly fromMs: number; readonly toMs: number; readonly before: number; readonly after: number }

/** Room on both sides of the day, so that a jump at midnight is seen. */
const resolveOffsets = (dayMs: number, zone: TimeZone): Offsets => {
  const fromMs = dayMs - zone.offsetMs(dayMs) - 3 * 60 * MINUTE_MS
  const toMs = fromMs + DAY_MS + 6 * 60 * MINUTE_MS
  return { fromMs, toMs, before: zone.offsetMs(fromMs), after: zone.offsetMs(toMs) }
}

/** The moments at which the clock shows this, earliest first: none, one or two. */
const resolveInstants = (localMs: number, { before, after }: Offsets, zone: TimeZone): readonly number[] => {
  if (before === after) return [localMs - before]
  return [...new Set([before, after])]
    .map((offset) => ({ offset, epochMs: localMs - offset }))
    .filter(({ offset, epochMs }) => zone.offsetMs(epochMs) === offset)
    .map(({ epochMs }) => epochMs)
    .sort((left, right) => left - right)
}

const findJumpMs = ({ fromMs, toMs, before }: Offsets, zone: TimeZone): number => {
  let [low, high] = [fromMs, toMs]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (zone.offsetMs(middle) === before) low = middle
    else high = middle
  }
  return high
}
