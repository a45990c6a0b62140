// Names and numbers of signals as circus takes them: `quit`, `INT`, `SIGTERM`, `3`.

import { isSignalName } from '../contract/signals.ts'
import type { Section } from './section.ts'

export const readSignal = (section: Section, key: string): NodeJS.Signals | undefined => {
  const text = section.text(key)
  if (text === undefined) return undefined
  const signal = parseSignal(text.trim())
  if (signal === undefined) section.problem(key, `"${key}": expected the name or the number of a signal, got ${JSON.stringify(text)}`)
  return signal
}

const parseSignal = (text: string): NodeJS.Signals | undefined => {
  if (/^\d+$/.test(text)) return BY_NUMBER[Number(text)]
  const upper = text.toUpperCase()
  const name = upper.startsWith('SIG') ? upper : `SIG${upper}`
  return isSignalName(name) ? name : undefined
}

/** signal(7), x86 and ARM. */
const BY_NUMBER: readonly (NodeJS.Signals | undefined)[] = [
  undefined,
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGKILL',
  'SIGUSR1',
  'SIGSEGV',
  'SIGUSR2',
  'SIGPIPE',
  'SIGALRM',
  'SIGTERM',
  'SIGSTKFLT',
  'SIGCHLD',
  'SIGCONT',
  'SIGSTOP',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGURG',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGVTALRM',
  'SIGPROF',
  'SIGWINCH',
  'SIGIO',
  'SIGPWR',
  'SIGSYS',
]
