// What a command about processes has come to, in words and as exit status.

import type { CommandReply } from '../contract/control-routes.ts'
import type { CommandContext } from './context.ts'
import { printText } from './context.ts'

/** 1 when something that was asked for is not there. */
export const reportResult = (context: CommandContext, { done, started, kept, stopped, failed }: CommandReply): number => {
  if (!done) return 0
  const lines = [renderPids('started', started), renderPids('kept', kept), renderPids('stopped', stopped)].filter((line) => line !== '')
  if (lines.length > 0) printText(context, `${lines.join('\n')}\n`)
  for (const { label, reason } of failed) context.report.warn(`${label}: ${reason}`)
  return failed.length === 0 ? 0 : 1
}

const renderPids = (what: string, pids: readonly number[]): string => (pids.length === 0 ? '' : `${what} ${pids.join(', ')}`)

/** Waiting is the default. */
export const wantsWait = ({ flags }: CommandContext): boolean => !flags.has('--no-wait')
