import { expect, test } from 'vitest'
import type { SupervisorEvent } from '../../../runtime/contract/control.ts'
import { createEventLog } from '../../../runtime/supervisor/event-log.ts'

const NEWS = { kind: 'state', process: 'web', label: 'web', state: 'ready', pid: 7, text: '' } as const

test('events are numbered through and handed to whoever listens', () => {
  const log = createEventLog(10, () => 42)
  const heard: SupervisorEvent[] = []
  const unsubscribe = log.subscribe((event) => heard.push(event))
  log.publish(NEWS)
  unsubscribe()
  log.publish(NEWS)
  expect(heard).toEqual([{ ...NEWS, cursor: 1, atMs: 42 }])
  expect(log.cursor).toBe(2)
})

test('what is kept can be replayed from any place', () => {
  const log = createEventLog(10)
  for (let count = 0; count < 5; count += 1) log.publish(NEWS)
  expect(log.since(3).events.map(({ cursor }) => cursor)).toEqual([4, 5])
  expect(log.since(0)).toMatchObject({ missed: false })
  expect(log.since(5)).toEqual({ events: [], missed: false })
})

test('what is no longer kept is said to be missed', () => {
  const log = createEventLog(10)
  for (let count = 0; count < 100; count += 1) log.publish(NEWS)
  const { events, missed } = log.since(1)
  expect(missed).toBe(true)
  expect(events.length).toBeGreaterThanOrEqual(10)
  expect(events.length).toBeLessThan(20)
  expect(log.since(90)).toMatchObject({ missed: false })
})
