import { expect, test } from 'vitest'
import { createLinePrinter } from '../../../runtime/log/line-printer.ts'
import type { PrinterOptions } from '../../../runtime/log/line-printer.ts'
import type { LogEvent } from '../../../runtime/log/log-event.ts'
import { createOutput } from '../../../runtime/log/output.ts'

const EVENT: LogEvent = {
  process: 'web',
  index: 2,
  label: 'web:2',
  stream: 'err',
  onSlow: 'drop',
  sequence: 7,
  firstLine: 41,
  lineCount: 2,
  timeMs: Date.UTC(2026, 10, 21, 16, 5, 7, 42),
  pid: 1234,
  bytes: Buffer.from('\u001b[31m"grün"\u001b[0m\n\tb\n'),
}

const print = (options: Partial<PrinterOptions>, ansi: 'auto' | 'keep' | 'strip', event = EVENT): string => {
  let text = ''
  const sink = { write: (bytes: Buffer, done: () => void) => ((text += bytes.toString()), done()), close: () => undefined }
  const output = createOutput({ sink })
  const defaults = { output, format: 'text', labels: ['web:1', 'web:2'], colour: false, timestamps: false, isTerminal: false } as const
  createLinePrinter({ ...defaults, ...options })
    .open({ ansi, onSlow: 'drop', dropped: () => undefined })
    .write(event)
  return text
}

test('escape sequences are kept on a terminal and removed elsewhere, or as the process says', () => {
  expect(print({}, 'auto')).toBe('web:2 | "grün"\nweb:2 | \tb\n')
  expect(print({ isTerminal: true }, 'auto')).toBe('web:2 | \u001b[31m"grün"\u001b[0m\nweb:2 | \tb\n')
  expect(print({}, 'keep')).toContain('\u001b[31m')
  expect(print({ isTerminal: true }, 'strip')).not.toContain('\u001b')
})

test('JSON lines have one object per line, numbered by their stream', () => {
  const lines = print({ format: 'json', isTerminal: true }, 'auto').split('\n')
  const common = { time: '2026-11-21T16:05:07.042Z', process: 'web', index: 2, pid: 1234, stream: 'err' }
  expect(lines.pop()).toBe('')
  expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
    { ...common, line: '"grün"', seq: 41 },
    { ...common, line: '\tb', seq: 42 },
  ])
})

test('JSON lines stay valid with bytes that are not UTF-8, and without a pid', () => {
  const bytes = Buffer.from([0xff, 0x00, 0x0a])
  expect(JSON.parse(print({ format: 'json' }, 'keep', { ...EVENT, pid: undefined, lineCount: 1, bytes }))).toMatchObject({ pid: null, line: '\ufffd\u0000' })
})
