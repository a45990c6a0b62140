import { Socket } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createConnections } from '../../../runtime/control/connections.ts'

const LIMITS = { count: 2, askMs: 1000, readMs: 3000 }

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

test('who does not finish its request in time is thrown out', () => {
  const socket = new Socket()
  createConnections(LIMITS).admit(socket)
  vi.advanceTimersByTime(999)
  expect(socket.destroyed).toBe(false)
  vi.advanceTimersByTime(1)
  expect(socket.destroyed).toBe(true)
})

test('an answer takes as long as it takes; reading it does not', () => {
  const connections = createConnections(LIMITS)
  const socket = new Socket()
  connections.admit(socket)
  expect(connections.beginAnswer(socket)).toBe(true)
  vi.advanceTimersByTime(60_000)
  expect(socket.destroyed).toBe(false)
  connections.endAnswer(socket)
  vi.advanceTimersByTime(3000)
  expect(socket.destroyed).toBe(true)
})

test('a connection has one request', () => {
  const connections = createConnections(LIMITS)
  const socket = new Socket()
  connections.admit(socket)
  expect(connections.beginAnswer(socket)).toBe(true)
  expect(connections.beginAnswer(socket)).toBe(false)
})

test('when there are too many, the one that has asked for the longest makes room', () => {
  const connections = createConnections(LIMITS)
  const [answered, first, second, third] = [new Socket(), new Socket(), new Socket(), new Socket()]
  connections.admit(answered)
  connections.beginAnswer(answered)
  connections.admit(first)
  expect([connections.admit(second), connections.admit(third)]).toEqual([true, true])
  expect([answered, first, second, third].map(({ destroyed }) => destroyed)).toEqual([false, true, true, false])
})

test('when all are being answered, the newcomer is refused', () => {
  const connections = createConnections(LIMITS)
  for (const socket of [new Socket(), new Socket()]) {
    connections.admit(socket)
    connections.beginAnswer(socket)
  }
  const late = new Socket()
  expect(connections.admit(late)).toBe(false)
  expect(late.destroyed).toBe(true)
})

test('no timer runs when nobody is connected', async () => {
  const connections = createConnections(LIMITS)
  expect(vi.getTimerCount()).toBe(0)
  const socket = new Socket()
  connections.admit(socket)
  socket.destroy()
  await new Promise<void>((resolve) => socket.once('close', () => resolve()))
  expect(vi.getTimerCount()).toBe(0)
})
