import { expect, test } from 'vitest'
import { parseServerEvents } from '../../../runtime/control/server-events.ts'

async function* chunksOf(...chunks: readonly string[]): AsyncGenerator<string> {
  yield* chunks
}

test('events may be cut anywhere, and an unfinished one is not given out', async () => {
  const events = []
  for await (const event of parseServerEvents(chunksOf('data: {"a"', ':1}\n', '\nevent: skipped\ndata: 3\n\nda', 'ta: x'))) events.push(event)
  expect(events).toEqual([
    { kind: 'message', data: '{"a":1}' },
    { kind: 'skipped', data: '3' },
  ])
})
