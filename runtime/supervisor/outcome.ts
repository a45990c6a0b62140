// How the whole bundle ended: its exit status, and the error to print when the status is our own and not a process's.

import { ERRORS, NixpackError } from '../contract/errors.ts'
import type { ErrorCode } from '../contract/errors.ts'
import { renderExit, resolveExitStatus } from './child-exit.ts'
import type { ProcessRecord } from './state.ts'

export type Outcome = { readonly status: number; readonly error?: NixpackError }

export type DecisiveRun = {
  readonly label: string
  readonly record: ProcessRecord
  /** The latest lines that it wrote. */
  readonly lastLines: readonly string[]
}

/** Undefined: nobody has failed. */
export const createOutcome = (decisive: DecisiveRun | undefined): Outcome => {
  if (decisive === undefined) return { status: 0 }
  const { label, record } = decisive
  if (record.state !== 'failed') return { status: record.exit === undefined ? 0 : resolveExitStatus(record.exit) }
  const code = resolveFailureCode(record)
  return { status: ERRORS[code], error: new NixpackError(code, `cannot keep "${label}" running: ${describeFailure(decisive)}`) }
}

const describeFailure = ({ record: { exit, reason }, lastLines }: DecisiveRun): string => {
  if (exit === undefined) return reason
  if (exit.kind === 'spawnFailed') return exit.message
  return `${reason}; it ${renderExit(exit)}${renderLastLines(lastLines)}`
}

/** A failure without the program's own words is half a message. */
export const renderLastLines = (lines: readonly string[]): string =>
  lines.length === 0 ? '' : `; its last lines:${lines.map((line) => `\n  | ${line}`).join('')}`

const resolveFailureCode = ({ exit, intent, history }: ProcessRecord): ErrorCode => {
  if (exit?.kind === 'spawnFailed') return exit.code ?? SPAWN_FAILURE_CODES[exit.status]
  return intent === 'unready' || history.unreadyRuns > 0 ? 'PROCESS_NOT_READY' : 'PROCESS_GAVE_UP'
}

const SPAWN_FAILURE_CODES = { 125: 'PROCESS_GAVE_UP', 126: 'PROCESS_NOT_EXECUTABLE', 127: 'PROCESS_NOT_FOUND' } as const
