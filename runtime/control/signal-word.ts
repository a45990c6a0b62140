// Signals as people write them: SIGTERM, TERM, term, 15.

import { constants } from 'node:os'
import { NixpackError } from '../contract/errors.ts'
import { renderSuggestion } from '../contract/nearest-name.ts'

export const parseSignalWord = (word: string): NodeJS.Signals => {
  const signal = findSignal(word)
  if (signal !== undefined) return signal
  const suggestion = renderSuggestion(word.toUpperCase(), [...SIGNALS, ...SIGNALS.map((name) => name.slice(3))])
  throw new NixpackError('CONTROL_REFUSED', `cannot send "${word}": no such signal${suggestion}`, {
    hint: 'name it as "kill -l" does, for example TERM, HUP or USR1, or by its number',
  })
}

export const findSignal = (word: string): NodeJS.Signals | undefined => {
  const upper = word.toUpperCase()
  return SIGNALS.find((name) => name === upper || name === `SIG${upper}` || String(constants.signals[name]) === word)
}

const isSignal = (text: string): text is NodeJS.Signals => Object.hasOwn(constants.signals, text)
const SIGNALS: readonly NodeJS.Signals[] = Object.keys(constants.signals).filter(isSignal)
