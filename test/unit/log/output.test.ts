import { expect, test } from 'vitest'
import { createOutput } from '../../../runtime/log/output.ts'
import type { Sink } from '../../../runtime/log/sink.ts'

/** A sink whose writes end when the test says so. */
const createHeldSink = () => {
  const written: string[] = []
  let release: ((error?: Error, writtenBytes?: number) => void) | undefined
  const sink: Sink = {
    write: (bytes, done) => {
      written.push(bytes.toString())
      release = done
    },
    close: () => undefined,
  }
  return { sink, written, release: (error?: Error, writtenBytes?: number) => release?.(error, writtenBytes) }
}

test('what is written while the sink is busy goes out together, in order', () => {
  const { sink, written, release } = createHeldSink()
  const output = createOutput({ sink })
  for (const text of ['a\n', 'b\n', 'c\n']) output.write(Buffer.from(text), 1)
  release()
  expect(written).toEqual(['a\n', 'b\nc\n'])
})

test('producers pause above the limit and go on at half of it', () => {
  const { sink, release } = createHeldSink()
  const output = createOutput({ sink, limitBytes: 6 })
  const answers: boolean[] = []
  output.write(Buffer.from('aaaa\n'), 1)
  expect(output.isFull('drop')).toBe(false)
  output.write(Buffer.from('bb\n'), 1)
  expect(output.isFull('drop')).toBe(true)
  output.whenRoom(() => answers.push(output.isFull('drop')))
  release()
  expect(answers).toEqual([false])
  expect(output.linesDropped).toBe(0)
})

test('a full disk costs what was written meanwhile, not what comes when there is room again', async () => {
  const { sink, written, release } = createHeldSink()
  const output = createOutput({ sink })
  output.write(Buffer.from('a\n'), 1)
  release(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }))
  output.write(Buffer.from('b\n'), 1)
  release()
  await output.flush(10_000)
  expect(written).toEqual(['a\n', 'b\n'])
  expect(output).toMatchObject({ linesDropped: 1, isBroken: false })
})

test('of what a full disk took a part of, the rest is lost, and what comes later is on a line of its own', async () => {
  const { sink, written, release } = createHeldSink()
  const output = createOutput({ sink })
  const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  for (const text of ['a\n', 'b\nc\nd\n', 'e\n']) output.write(Buffer.from(text), text.length / 2)
  release()
  release(full, 3)
  expect(output.linesDropped).toBe(3)
  output.write(Buffer.from('f\n'), 1)
  release(full, 0)
  output.write(Buffer.from('g\n'), 1)
  release(full, 1)
  output.write(Buffer.from('h\n'), 1)
  release()
  await output.flush(10_000)
  expect(written).toEqual(['a\n', 'b\nc\nd\ne\n', '\nf\n', '\ng\n', 'h\n'])
  expect(output.linesDropped).toBe(5)
})

test('a broken sink drops and counts, and flush does not wait for it', async () => {
  const { sink, release } = createHeldSink()
  const output = createOutput({ sink })
  output.write(Buffer.from('a\n'), 1)
  output.write(Buffer.from('b\nc\n'), 2)
  release(new Error('EPIPE'))
  output.write(Buffer.from('d\n'), 1)
  await output.flush(10_000)
  expect(output).toMatchObject({ linesDropped: 4, isBroken: true })
})

test('when the reader stalls, lines above the limit are dropped and counted for their writer, who goes on', async () => {
  const { sink, written, release } = createHeldSink()
  const output = createOutput({ sink, limitBytes: 4, stallMs: 1 })
  const losses: number[] = []
  const terms = { onSlow: 'drop', dropped: (lines: number) => losses.push(lines) } as const
  output.write(Buffer.from('aaaa\n'), 1, terms)
  await new Promise<void>((resolve) => output.whenRoom(resolve))
  expect(output.isFull('drop')).toBe(false)
  output.write(Buffer.from('bbbb\nb\n'), 2, terms)
  release()
  output.write(Buffer.from('c\n'), 1, terms)
  expect(written).toEqual(['aaaa\n', 'c\n'])
  expect(output.linesDropped).toBe(2)
  expect(losses).toEqual([2])
})

test('who is to wait waits for a reader that stalls, and loses nothing', async () => {
  const { sink, written, release } = createHeldSink()
  const output = createOutput({ sink, limitBytes: 4, stallMs: 1 })
  const terms = { onSlow: 'block', dropped: () => undefined } as const
  output.write(Buffer.from('aaaa\n'), 1, terms)
  await new Promise<void>((resolve) => output.whenRoom(resolve))
  expect(output.isFull('block')).toBe(true)
  output.write(Buffer.from('bbbb\n'), 1, terms)
  release()
  release()
  expect(written).toEqual(['aaaa\n', 'bbbb\n'])
  expect(output.isFull('block')).toBe(false)
})

test('when the end is wanted, who was to wait for a reader that stalls loses lines instead, and a flush counts the time before', async () => {
  const { sink, written, release } = createHeldSink()
  const output = createOutput({ sink, limitBytes: 4, stallMs: 1 })
  const losses: number[] = []
  const terms = { onSlow: 'block', dropped: (lines: number) => losses.push(lines) } as const
  output.write(Buffer.from('aaaa\n'), 1, terms)
  await new Promise<void>((resolve) => output.whenRoom(resolve))
  const woken = new Promise<boolean>((resolve) => output.whenRoom(() => resolve(output.isFull('block'))))
  output.hurry()
  expect(await woken).toBe(false)
  output.write(Buffer.from('bbbb\n'), 1, terms)
  expect(losses).toEqual([1])
  // Far below what the test may take: the write has been waiting for longer.
  await output.flush(1)
  release()
  expect(written).toEqual(['aaaa\n'])
})

test('when the end is wanted, a reader that reads is waited for all the same', () => {
  const { sink, written, release } = createHeldSink()
  const output = createOutput({ sink, limitBytes: 4 })
  output.hurry()
  output.write(Buffer.from('aaaa\n'), 1)
  expect(output.isFull('drop')).toBe(true)
  output.write(Buffer.from('bbbb\n'), 1)
  release()
  release()
  expect(written).toEqual(['aaaa\n', 'bbbb\n'])
  expect(output.linesDropped).toBe(0)
})

test('nobody waits for a reader that is gone', () => {
  const { sink, release } = createHeldSink()
  const output = createOutput({ sink, limitBytes: 4 })
  output.write(Buffer.from('aaaa\n'), 1)
  expect(output.isFull('block')).toBe(true)
  release(new Error('EPIPE'))
  expect(output.isFull('block')).toBe(false)
})
