// What can go wrong between a command and the control socket, in words. Each has a cause: without one, CONTROL_UNREACHABLE
// says that nobody listens.

import * as z from 'zod/mini'
import { NixpackError } from '../contract/errors.ts'

/** Of the connection, before there is an answer. */
export const explainConnection = (socketPath: string, error: unknown): NixpackError => {
  const code = codeOf(error)
  if (code.startsWith('HPE_')) return explainAnswer(socketPath, error)
  if (code === 'ECONNRESET' || code === 'EPIPE') return fail(socketPath, 'it hangs up without an answer', { hint: ASK_AGAIN, cause: error })
  if (code === 'EACCES' || code === 'EPERM') return explainStranger(socketPath, error)
  if (code === 'ETIMEDOUT') return fail(socketPath, 'it does not answer', { hint: 'give it more time with --timeout, or see what its log says', cause: error })
  return fail(socketPath, 'it cannot be spoken to', { hint: ASK_AGAIN, cause: error })
}

/** Another user's, or nobody can tell whose. */
export const explainStranger = (socketPath: string, cause: unknown): NixpackError =>
  fail(socketPath, 'it is not yours', { hint: 'become the user who has started the bundle', cause })

/** Of the answer: it is cut off, or none that a bundle gives. */
export const explainAnswer = (socketPath: string, error: unknown): NixpackError => {
  if (codeOf(error) === 'ECONNRESET') return fail(socketPath, 'its answer ends in the middle', { hint: ASK_AGAIN, cause: error })
  if (codeOf(error) === 'ETIMEDOUT') return fail(socketPath, 'the rest of its answer does not come', { hint: ASK_AGAIN, cause: error })
  return fail(socketPath, 'what answers there is not this bundle, or one of another version', {
    hint: 'use the file that was started, or end what listens there',
    cause: describeMisfit(error),
  })
}

/** The parser's own words would show what was sent, and that may be anything. */
const describeMisfit = (error: unknown): unknown => {
  if (error instanceof SyntaxError) return new Error('it is not JSON')
  return error instanceof z.core.$ZodError ? new Error(renderIssues(error)) : error
}

/** Like those of the system. */
export const createTimeout = (afterMs: number): Error => Object.assign(new Error(`nothing came within ${afterMs / 1000} s`), { code: 'ETIMEDOUT' })

export const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')

const ASK_AGAIN = 'see whether the bundle is still running, and ask again'

const fail = (socketPath: string, reason: string, options: { readonly hint: string; readonly cause: unknown }): NixpackError =>
  new NixpackError('CONTROL_UNREACHABLE', `cannot use control socket "${socketPath}": ${reason}`, options)

const renderIssues = ({ issues: [first] }: z.core.$ZodError): string => `${first?.path.map(String).join('.') || 'the answer'}: ${first?.message ?? ''}`

/** The bundle is there, and has not answered within the time of the command. */
export const isLate = (error: unknown): boolean => error instanceof NixpackError && codeOf(error.cause) === 'ETIMEDOUT'
