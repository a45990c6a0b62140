// Signals as people write them: SIGTERM, TERM, term, 15.

import { constants } from 'node:os'
import { NixpackError } from '../contract/errors.ts'
import { renderSuggestion } from '../contract/nearest-name.ts'

export const parseSignalWord = (word: string): NodeJS.Signals => {
  const upper = word.toUpperCase()
  const signal = SIGNALS.find((name) => name === upper || name === `SIG${upper}` || String(constants.signals[name]) === word)
  if (signal !== undefined) return signal
  const suggestion = renderSuggestion(upper, [...SIGNALS, ...SIGNALS.map((name) => name.slice(3))])
  throw new NixpackError('CONTROL_REFUSED', `cannot send "${word}": no such signal${suggestion}`, {
    hint: 'name it as "kill -l" does, for example TERM, HUP or USR1, or by its number',
  })
}

const isSignal = (text: string): text is NodeJS.Signals => Object.hasOwn(constants.signals, text)
const SIGNALS: readonly NodeJS.Signals[] = Object.keys(constants.signals).filter(isSignal)
