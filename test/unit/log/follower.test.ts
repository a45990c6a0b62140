import { expect, test } from 'vitest'
import { followLogs } from '../../../runtime/log/follower.ts'
import { createLogHub } from '../../../runtime/log/log-hub.ts'
import type { LogSource, SlowPolicy } from '../../../runtime/log/log-event.ts'

const sourceOf = (process: string, onSlow: SlowPolicy): LogSource => ({ process, index: 1, label: process, stream: 'out', onSlow })
const PATIENT = sourceOf('patient', 'block')
const HURRIED = sourceOf('hurried', 'drop')

const createFollowed = () => {
  const hub = createLogHub()
  const seen: string[] = []
  const client = { isFull: false }
  const follower = followLogs({
    hub,
    names: undefined,
    isFull: () => client.isFull,
    send: ({ bytes }) => seen.push(bytes.toString()),
    skipped: (lines) => seen.push(`skipped ${lines}`),
  })
  const say = (source: LogSource, text: string) => hub.publish(source, { bytes: Buffer.from(text), truncated: 0, pid: 1, timeMs: 0 })
  return { hub, seen, client, follower, say }
}

test('a reader that is full loses lines and is told how many before the next', () => {
  const { seen, client, say } = createFollowed()
  say(HURRIED, 'a\n')
  client.isFull = true
  say(HURRIED, 'b\nc\n')
  say(HURRIED, 'd\n')
  client.isFull = false
  say(HURRIED, 'e\n')
  expect(seen).toEqual(['a\n', 'skipped 3', 'e\n'])
})

test('it is told as soon as it has room, also when nothing more is said', () => {
  const { seen, client, follower, say } = createFollowed()
  client.isFull = true
  say(HURRIED, 'a\n')
  client.isFull = false
  follower.drained()
  follower.drained()
  expect(seen).toEqual(['skipped 1'])
})

test('a process that is to block has no room while a reader of its lines is full, and nothing of it is skipped', () => {
  const { hub, seen, client, follower, say } = createFollowed()
  const room = hub.room(PATIENT)
  let woken = 0
  client.isFull = true
  say(PATIENT, 'a\n')
  expect(room.isFull()).toBe(true)
  room.whenRoom(() => (woken += 1))
  client.isFull = false
  follower.drained()
  expect(woken).toBe(1)
  expect(room.isFull()).toBe(false)
  expect(seen).toEqual(['a\n'])
})

test('a reader that goes away blocks nobody', () => {
  const { hub, client, follower } = createFollowed()
  client.isFull = true
  let woken = 0
  hub.room(PATIENT).whenRoom(() => (woken += 1))
  follower.cancel()
  expect(woken).toBe(1)
  expect(hub.room(PATIENT).isFull()).toBe(false)
})
