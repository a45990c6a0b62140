import { expect, test } from 'vitest'

import { decodeNotes, encodeNotes } from '../../../runtime/contract/relocation.ts'

test('notes are read as they were written, also for a store path that is one file', () => {
  const notes = [
    { reason: 'utf-16', file: 'lib/a b.dll' },
    { reason: 'unread', file: '' },
  ] as const
  expect(encodeNotes(notes)).toBe('utf-16\tlib/a b.dll\nunread\t\n')
  expect(decodeNotes(encodeNotes(notes))).toEqual(notes)
  expect(decodeNotes(encodeNotes([]))).toEqual([])
})

test('a file name cannot forge a note or write to the terminal', () => {
  expect(encodeNotes([{ reason: 'archive', file: 'a\nutf-16\tb\u001b[31m\u007f\u009bü' }])).toBe('archive\ta?utf-16?b?[31m??ü\n')
})

test.each(['archive\ta', 'archive', '\n', 'archive\n', 'unheard-of\ta\n', 'toString\ta\n', 'archive\ta\u001b\n', 'archive\ta\n\n'])(
  'the text %j is no list of notes',
  (text) => {
    expect(decodeNotes(text)).toBeUndefined()
  },
)
