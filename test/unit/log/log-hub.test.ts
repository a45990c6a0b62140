import { expect, test } from 'vitest'
import { createLogHub, decodeLines } from '../../../runtime/log/log-hub.ts'
import type { LogEvent, LogSource } from '../../../runtime/log/log-event.ts'

const WEB: LogSource = { process: 'web', index: 1, label: 'web:1', stream: 'out', onSlow: 'drop' }
const WEB_2: LogSource = { ...WEB, index: 2, label: 'web:2' }
const DB: LogSource = { process: 'db', index: 1, label: 'db', stream: 'err', onSlow: 'drop' }

const createFilledHub = () => {
  const hub = createLogHub()
  const say = (source: LogSource, text: string, truncated = 0): LogEvent => hub.publish(source, { bytes: Buffer.from(text), truncated, pid: 9, timeMs: 1000 })
  return { hub, say }
}

const texts = (events: readonly LogEvent[]): readonly string[] => events.map(({ label, bytes }) => `${label}: ${decodeLines(bytes).join(',')}`)

test('events are numbered through, lines by their stream', () => {
  const { say } = createFilledHub()
  expect(say(WEB, 'a\nb\n')).toMatchObject({ sequence: 1, firstLine: 1, lineCount: 2 })
  expect(say(DB, 'c\n')).toMatchObject({ sequence: 2, firstLine: 1, lineCount: 1 })
  expect(say(WEB, 'd\n')).toMatchObject({ sequence: 3, firstLine: 3, lineCount: 1 })
  expect(say({ ...WEB, stream: 'err' }, 'e\n')).toMatchObject({ sequence: 4, firstLine: 1 })
})

test('lines, bytes, cuts and losses are counted for each process', () => {
  const { hub, say } = createFilledHub()
  say(WEB, 'a\nb\n', 1)
  say(WEB_2, 'ccc\n', 2)
  hub.addDropped('web', 5)
  expect(hub.counters('web')).toEqual({ lines: 3, bytes: 8, truncated: 3, dropped: 5 })
  expect(hub.counters('db')).toEqual({ lines: 0, bytes: 0, truncated: 0, dropped: 0 })
})

test('what is kept comes in the order of its arrival, by process, by instance, or all of it', () => {
  const { hub, say } = createFilledHub()
  say(WEB, 'a\n')
  say(DB, 'b\n')
  say(WEB_2, 'c\n')
  say(WEB, 'd\n')
  expect(texts(hub.recent({ names: undefined }))).toEqual(['web:1: a', 'db: b', 'web:2: c', 'web:1: d'])
  expect(texts(hub.recent({ names: new Set(['web']) }))).toEqual(['web:1: a', 'web:2: c', 'web:1: d'])
  expect(texts(hub.recent({ names: new Set(['web:2', 'db']) }))).toEqual(['db: b', 'web:2: c'])
  expect(texts(hub.recent({ names: undefined, after: 2 }))).toEqual(['web:2: c', 'web:1: d'])
})

test('the last lines are cut out of their batch and keep their numbers', () => {
  const { hub, say } = createFilledHub()
  say(WEB, 'a\nb\nc\n')
  say(DB, 'd\n')
  expect(hub.recent({ names: undefined, lines: 3 })).toMatchObject([
    { firstLine: 2, lineCount: 2, bytes: Buffer.from('b\nc\n') },
    { firstLine: 1, lineCount: 1, bytes: Buffer.from('d\n') },
  ])
  expect(hub.recent({ names: undefined, lines: 0 })).toEqual([])
  expect(texts(hub.recent({ names: undefined, lines: 9 }))).toEqual(['web:1: a,b,c', 'db: d'])
})

test('a line of the usual cap is kept', () => {
  const { hub, say } = createFilledHub()
  say(DB, `${'x'.repeat(65_536)}\n`)
  expect(hub.lastLines('db', 5).map((line) => line.length)).toEqual([65_536])
})

test('a failure is told with the last lines of that run of that instance only', () => {
  const { hub, say } = createFilledHub()
  say(WEB, 'of an earlier run\n')
  hub.markRun('web:1')
  say(WEB, 'one\ntwo\n')
  say(WEB_2, 'of another\n')
  say({ ...WEB, stream: 'err' }, 'three\n')
  expect(hub.lastLines('web:1', 2)).toEqual(['two', 'three'])
  expect(hub.lastLines('web:1', 9)).toEqual(['one', 'two', 'three'])
  expect(hub.lastLines('unknown', 9)).toEqual([])
})

test('of a process that is forgotten nothing is kept, and its lines are numbered anew', () => {
  const { hub, say } = createFilledHub()
  say(WEB, 'a\n')
  say(DB, 'b\n')
  hub.forget('web')
  expect(texts(hub.recent({ names: undefined }))).toEqual(['db: b'])
  expect(hub.counters('web').lines).toBe(0)
  expect(say(WEB, 'c\n')).toMatchObject({ sequence: 3, firstLine: 1 })
})

test('subscribers get what they asked for until they no longer do', () => {
  const { hub, say } = createFilledHub()
  const seen: string[] = []
  const cancel = hub.subscribe({ names: new Set(['db']) }, ({ bytes }) => seen.push(bytes.toString()))
  say(WEB, 'a\n')
  say(DB, 'b\n')
  cancel()
  say(DB, 'c\n')
  expect(seen).toEqual(['b\n'])
})

test('what is kept has no part in the memory that was read into', () => {
  const { hub } = createFilledHub()
  const bytes = Buffer.from('a\n')
  hub.publish(WEB, { bytes, truncated: 0, pid: undefined, timeMs: 0 })
  bytes.fill('x')
  expect(texts(hub.recent({ names: undefined }))).toEqual(['web:1: a'])
})

test('a source has no room while somebody whom it is to wait for is full, and is woken when that changes', () => {
  const { hub } = createFilledHub()
  const reader = { isFull: true }
  const room = hub.room(WEB)
  let woken = 0
  const blocker = hub.addBlocker({ names: new Set(['web']) }, () => reader.isFull)
  expect([room.isFull(), hub.room(DB).isFull()]).toEqual([true, false])
  room.whenRoom(() => (woken += 1))
  reader.isFull = false
  blocker.freed()
  expect([room.isFull(), woken]).toEqual([false, 1])
  reader.isFull = true
  room.whenRoom(() => (woken += 1))
  blocker.remove()
  expect([room.isFull(), woken]).toEqual([false, 2])
})

test('when the end is wanted, no source waits for a reader', () => {
  const hub = createLogHub()
  const room = hub.room(WEB)
  hub.addBlocker({ names: undefined }, () => true)
  const answers: boolean[] = [room.isFull()]
  room.whenRoom(() => answers.push(room.isFull()))
  hub.hurry()
  expect(answers).toEqual([true, false])
})
