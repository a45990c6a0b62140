import { afterEach, beforeEach, expect, test } from 'vitest'
import { watchSignals } from '../../../runtime/commands/signals.ts'

let nowMs = 0
let asked: string[] = []
let unwatch: () => void
beforeEach(() => {
  asked = []
  unwatch = watchSignals({ down: (reason) => asked.push(reason) }, () => nowMs)
})
afterEach(() => {
  unwatch()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2']) process.removeAllListeners(signal)
})

const send = (signal: NodeJS.Signals, atMs: number): void => {
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
