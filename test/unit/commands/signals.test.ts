import { afterEach, beforeEach, expect, test } from 'vitest'
import { watchSignals } from '../../../runtime/commands/signals.ts'

let nowMs = 0
let asked: string[] = []
let hasLostTerminal = false
let unwatch: () => void
beforeEach(() => {
  asked = []
  hasLostTerminal = false
  const targets = {
    down: (reason: string) => asked.push(reason),
    reload: () => asked.push('reload'),
    reopenLogs: () => asked.push('reopen'),
    hasLostTerminal: () => hasLostTerminal,
  }
  unwatch = watchSignals(targets, () => nowMs)
})
afterEach(() => {
  unwatch()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2']) process.removeAllListeners(signal)
})

const send = (signal: NodeJS.Signals, atMs = 0): void => {
  nowMs = atMs
  process.emit(signal, signal)
}

test('a signal that a service manager sent to all of our processes is one request', () => {
  for (const atMs of [0, 2, 250]) send('SIGTERM', atMs)
  expect(asked).toEqual(['got SIGTERM'])
})

test('Ctrl-C twice is two requests, however quick the finger', () => {
  for (const atMs of [0, 90]) send('SIGINT', atMs)
  expect(asked).toEqual(['got SIGINT', 'got SIGINT'])
})

test('SIGHUP reads the configuration again, SIGUSR1 opens the log files again, SIGUSR2 does nothing', () => {
  for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGHUP'] as const) send(signal)
  expect(asked).toEqual(['reload', 'reopen', 'reload'])
})

test('SIGHUP of a terminal that is gone ends the bundle', () => {
  hasLostTerminal = true
  send('SIGHUP')
  expect(asked).toEqual(['got SIGHUP'])
})

test('in the last moments no signal means anything', () => {
  unwatch()
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR1'] as const) send(signal)
  expect(asked).toEqual([])
})
