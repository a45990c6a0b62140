// A failure as a reply: with its code when it is one that a user can reach, otherwise in words that tell nothing more.

import * as z from 'zod/mini'
import type { ControlFailure } from '../contract/control-routes.ts'
import { NixpackError } from '../contract/errors.ts'

export const renderFailure = (error: unknown): ControlFailure => {
  if (error instanceof NixpackError) {
    const { code, message, hint } = error
    return { ok: false, error: { code, message, ...(hint === undefined ? {} : { hint }) } }
  }
  if (error instanceof z.core.$ZodError) return refuse(`cannot answer: ${error.issues.map(renderIssue).join('; ')}`)
  if (error instanceof SyntaxError) return refuse('cannot answer: the body is not JSON')
  return refuse(`cannot answer: ${error instanceof Error ? error.message : 'something failed'}`)
}

/** For clients that look no further; ours reads the code. */
export const resolveHttpStatus = (error: unknown): number => {
  if (error instanceof NixpackError || error instanceof z.core.$ZodError || error instanceof SyntaxError) return 400
  return 500
}

const refuse = (message: string): ControlFailure => ({ ok: false, error: { code: 'CONTROL_REFUSED', message } })

const renderIssue = (issue: z.core.$ZodIssue): string => {
  const place = issue.path.length === 0 ? 'the request' : issue.path.map(String).join('.')
  if (issue.code === 'unrecognized_keys') return `unknown key "${issue.keys.join('", "')}"`
  return issue.code === 'invalid_type' ? `${place}: expected ${issue.expected}` : `${place}: ${issue.message}`
}
