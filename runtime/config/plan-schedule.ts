// When a scheduled process runs.

import { parseCron } from '../contract/cron.ts'
import { NixpackError } from '../contract/errors.ts'
import type { ScheduleDeclaration } from '../contract/manifest.ts'
import { resolveNextRunMs } from '../contract/next-run.ts'
import type { ScheduleSpec } from '../contract/process-spec.ts'
import { LOCAL_TIME_ZONE, resolveTimeZone } from '../contract/time-zone.ts'
import { unlimitedDurationMs } from './declared-values.ts'
import { substitute } from './substitute.ts'
import type { Substitution } from './substitute.ts'

export const planSchedule = (name: string, declaration: ScheduleDeclaration, context: Substitution): ScheduleSpec => {
  const { cron, interval = '', timeZone, runOnStart } = declaration
  if (cron === undefined) {
    const intervalMs = unlimitedDurationMs(interval)
    return { nextRunMs: (afterEpochMs) => afterEpochMs + intervalMs, runOnStart, text: `every ${interval}` }
  }
  const text = substitute(cron, context)
  const zoneName = timeZone === undefined ? undefined : substitute(timeZone, context)
  const zone = zoneName === undefined ? LOCAL_TIME_ZONE : resolveTimeZone(zoneName)
  const parsed = parseCron(text)
  if (!parsed.ok) throw new NixpackError('ENV_INVALID', `cannot schedule "${name}" at ${JSON.stringify(text)}: ${parsed.problem}`)
  if (zone === undefined) throw new NixpackError('ENV_INVALID', `cannot schedule "${name}": there is no time zone "${zoneName ?? ''}"`)
  return {
    nextRunMs: (afterEpochMs) => resolveNextRunMs(parsed.value, afterEpochMs, zone),
    runOnStart,
    text: zoneName === undefined ? text : `${text} (${zoneName})`,
  }
}
