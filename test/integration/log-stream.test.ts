// What is kept of lines, over a real connection to readers that take it fast, slowly, or not at all.
import { once } from 'node:events'
import { createServer, get, IncomingMessage } from 'node:http'
import type { Server } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { createEventStream } from '../../runtime/control/event-stream.ts'
import { streamLogs } from '../../runtime/control/log-stream.ts'
import type { LogSource } from '../../runtime/log/log-event.ts'
import { createLogHub } from '../../runtime/log/log-hub.ts'

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  server = undefined
})

const sourceOf = (at: number, onSlow: LogSource['onSlow'] = 'drop'): LogSource => ({ process: `p${at}`, index: 1, label: `p${at}`, stream: 'out', onSlow })

/** 600 lines, which become six times as long on their way. */
const BYTES = Buffer.from(`${'\u0001'.repeat(99)}\n`.repeat(600))

const createFilled = async (processes: number, { follow = false } = {}) => {
  const hub = createLogHub()
  const end = new AbortController()
  const say = (at: number): void => void hub.publish(sourceOf(at, 'block'), { bytes: BYTES, truncated: 0, pid: 7, timeMs: 0 })
  for (let at = 0; at < processes; at += 1) for (let batch = 0; batch < 4; batch += 1) say(at)
  server = createServer((_, response) =>
    streamLogs(
      createEventStream(response, () => undefined),
      hub,
      { names: undefined, follow, end: end.signal },
    ),
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('unreachable: it has a port')
  const [response]: readonly unknown[] = await once(get({ port: address.port }), 'response')
  if (!(response instanceof IncomingMessage)) throw new Error('unreachable: a response')
  return { hub, end, say, response }
}

type Read = { readonly lines: number; readonly skipped: number }

const readAll = async (response: IncomingMessage): Promise<Read> => {
  let [lines, skipped] = [0, 0]
  for (const event of (await response.setEncoding('utf8').toArray()).join('').split('\n\n')) {
    const data: unknown = JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? 'null')
    if (typeof data === 'number') skipped += data
    else if (data !== null && typeof data === 'object' && 'lines' in data && Array.isArray(data.lines)) lines += data.lines.length
  }
  return { lines, skipped }
}

test('everything that is kept is shown, however long that is', async () => {
  const { response } = await createFilled(16)
  expect(await readAll(response)).toEqual({ lines: 16 * 2400, skipped: 0 })
})

test('what is too much for one reader is told', async () => {
  const { response } = await createFilled(40)
  const { lines, skipped } = await readAll(response)
  expect(lines + skipped).toBe(40 * 2400)
  expect(skipped).toBeGreaterThan(20_000)
})

test('what comes while the reader takes what was kept is behind that, and a source that is to wait loses nothing', async () => {
  const { response, hub, end, say } = await createFilled(16, { follow: true })
  const room = hub.room(sourceOf(0, 'block'))
  let said = 0
  while (!room.isFull() || said < 5) {
    say(0)
    said += 1
  }
  end.abort()
  expect(await readAll(response)).toEqual({ lines: 16 * 2400 + said * 600, skipped: 0 })
})

test('what a reader that follows has missed is told at the end, too', async () => {
  const { response, end, say } = await createFilled(16, { follow: true })
  for (let at = 0; at < 100; at += 1) say(0)
  end.abort()
  const { lines, skipped } = await readAll(response)
  expect(lines + skipped).toBe(16 * 2400 + 100 * 600)
  expect(skipped).toBeGreaterThan(0)
})

test('what comes byte by byte while the reader takes what was kept is bounded, too', async () => {
  const { response, hub, end } = await createFilled(16, { follow: true })
  for (let at = 0; at < 100_000; at += 1) hub.publish(sourceOf(0), { bytes: Buffer.from('\n'), truncated: 0, pid: 7, timeMs: 0 })
  end.abort()
  const { lines, skipped } = await readAll(response)
  expect(lines + skipped).toBe(16 * 2400 + 100_000)
  expect(skipped).toBeGreaterThan(80_000)
})
