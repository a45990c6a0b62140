// `down`: asks for the ordered stop and waits until the instance is gone.

import { setTimeout } from 'node:timers/promises'
import { ROUTES } from '../contract/control-routes.ts'
import { NixpackError } from '../contract/errors.ts'
import { callControl } from '../control/client.ts'
import { waitForRelease } from '../control/instance-lock.ts'
import { isLiving } from '../supervisor/proc-stat.ts'
import { readPidNamespace, readStat } from '../supervisor/process-tree.ts'
import type { ProcessMark } from '../supervisor/process-tree.ts'
import { wantsWait } from './command-result.ts'
import type { Command } from './context.ts'
import { createDeadline } from './deadline.ts'
import { resolveInstanceKey, resolveTarget } from './target.ts'

export const down: Command = async (context) => {
  const released = waitForRelease(resolveInstanceKey(context))
  const { pid, pidNamespace } = await callControl(resolveTarget(context), ROUTES.down, {})
  if (!wantsWait(context)) return 0
  const isOurs = pidNamespace !== undefined && pidNamespace === readPidNamespace()
  const gone = isOurs ? waitForEnd(readMark(pid), released) : released
  if ((await Promise.race([gone, createDeadline(context.timeoutMs)])) !== 'late') return 0
  throw new NixpackError('CONTROL_REFUSED', `cannot wait any longer: "${context.manifest.name}" is still stopping`, { hint: 'say "down" again to wait on' })
}

/** The lock tells at once, but may be another user's. In another process namespace it is all there is. */
const waitForEnd = async (mark: ProcessMark | undefined, released: Promise<void>): Promise<void> => {
  await Promise.race([released, poll(mark)])
  await poll(mark)
}

const poll = async (mark: ProcessMark | undefined): Promise<void> => {
  for (let pauseMs = 1; isRunning(mark); pauseMs = Math.min(2 * pauseMs, LOOK_MS)) await setTimeout(pauseMs)
}

const LOOK_MS = 50

/** Whoever is given the number afterwards is not waited for. */
const isRunning = (mark: ProcessMark | undefined): boolean => mark !== undefined && readMark(mark.pid)?.startTicks === mark.startTicks

const readMark = (pid: number): ProcessMark | undefined => {
  const stat = readStat(pid)
  return stat !== undefined && isLiving(stat) ? stat : undefined
}
