// How a child ended, and what that means as an exit status and in words.

import { constants } from 'node:os'
import type { ChildExit } from './state.ts'

/** As shells do: the status itself, 128+n for signal n, 126 and 127 for programs that could not be run. */
export const resolveExitStatus = (exit: ChildExit): number => {
  if (exit.kind === 'code') return exit.code
  return exit.kind === 'signal' ? 128 + constants.signals[exit.signal] : exit.status
}

export const renderExit = (exit: ChildExit): string => {
  if (exit.kind === 'code') return `exited with status ${exit.code}`
  if (exit.kind === 'spawnFailed') return `could not be started: ${exit.message}`
  return `was killed by ${exit.signal}${exit.isEarly === true ? ' before its program ran' : ''}`
}
