// Where the output of a process goes.

import { resolve } from 'node:path'
import type { ProcessDeclaration, StreamDeclaration } from '../contract/manifest.ts'
import type { LogSpec, StreamTarget } from '../contract/process-spec.ts'
import { durationMs, sizeBytes } from './declared-values.ts'
import type { InstancePlanContext } from './plan-context.ts'
import { substitute } from './substitute.ts'

/** A relative path is below dir.log; what is there is ours, with its directories. */
export const planStream = (stream: StreamDeclaration, context: InstancePlanContext): StreamTarget => {
  if (typeof stream === 'string') return { kind: stream }
  const { file, maxBytes, backupCount, rotateWhen, rotateInterval, timeFormat, utc } = stream
  const { log } = context.directories
  const path = resolve(log, substitute(file, context))
  return {
    kind: 'file',
    path,
    belowDir: path.startsWith(`${log}/`) ? log : undefined,
    maxBytes: maxBytes === undefined ? undefined : sizeBytes(maxBytes),
    backupCount,
    rotation: rotateWhen === undefined ? undefined : { when: rotateWhen, interval: rotateInterval, utc },
    timeFormat,
    utc,
  }
}

export const planLog = ({ lineMax, partialTimeout, ansi, onSlow }: ProcessDeclaration['log']): LogSpec => ({
  lineMaxBytes: sizeBytes(lineMax),
  partialTimeoutMs: durationMs(partialTimeout),
  ansi,
  onSlow,
})
