// How the whole bundle ended: its exit status, and the error to print when the status is our own and not a process's.

import { ERRORS, NixpackError } from '../contract/errors.ts'
import type { ErrorCode } from '../contract/errors.ts'
import { renderExit, resolveExitStatus } from './child-exit.ts'
import type { Ending } from './exit-policy.ts'
import type { Runner } from './runner.ts'
import type { ProcessRecord } from './state.ts'

export type Outcome = { readonly status: number; readonly error?: NixpackError }

export const createOutcome = (ending: Ending | 'commanded', runnerOf: (name: string) => Runner): Outcome => {
  if (ending === 'commanded' || ending.kind === 'everything') return { status: 0 }
  const { spec, record } = runnerOf(ending.name)
  if (record.state !== 'failed') return { status: record.exit === undefined ? 0 : resolveExitStatus(record.exit) }
  const code = resolveFailureCode(runnerOf(ending.name))
  return { status: ERRORS[code], error: new NixpackError(code, `cannot keep "${spec.name}" running: ${describeFailure(record)}`) }
}

const describeFailure = ({ exit, reason }: ProcessRecord): string => {
  if (exit === undefined) return reason
  return exit.kind === 'spawnFailed' ? exit.message : `${reason}; it ${renderExit(exit)}`
}

const resolveFailureCode = ({ record }: Runner): ErrorCode => {
  if (record.exit?.kind === 'spawnFailed' && record.exit.status === 127) return 'PROCESS_NOT_FOUND'
  if (record.exit?.kind === 'spawnFailed' && record.exit.status === 126) return 'PROCESS_NOT_EXECUTABLE'
  return record.unready ? 'PROCESS_NOT_READY' : 'PROCESS_GAVE_UP'
}
