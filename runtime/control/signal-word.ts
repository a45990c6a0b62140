// Signals as people write them: SIGTERM, TERM, term, 15.

import { constants } from 'node:os'
import { NixpackError } from '../contract/errors.ts'
import { renderSuggestion } from '../contract/nearest-name.ts'

export const parseSignalWord = (word: string): NodeJS.Signals => {
  const upper = word.toUpperCase()
  const signal = SIGNALS.find((name) => name === upper || name === `SIG${upper}` || String(constants.signals[name]) === word)
  if (signal !== undefined) return signal
  throw new NixpackError(
    'CONTROL_REFUSED',
    `cannot send "${word}": no such signal${renderSuggestion(upper, [...SIGNALS, ...SIGNALS.map((name) => name.slice(3))])}`,
  )
}

const isSignal = (text: string): text is NodeJS.Signals => Object.hasOwn(constants.signals, text)
const SIGNALS: readonly NodeJS.Signals[] = Object.keys(constants.signals).filter(isSignal)
