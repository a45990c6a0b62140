import { expect, test } from 'vitest'
import { createLineAssembler } from '../../../runtime/log/line-assembler.ts'

/** Each batch is copied: it is only valid until the next call. */
const feed = (chunks: readonly (string | Buffer)[], capBytes?: number): { readonly text: string; readonly truncated: number } => {
  const assembler = createLineAssembler(capBytes)
  let text = ''
  let truncated = 0
  for (const step of [...chunks.map((chunk) => () => assembler.push(Buffer.from(chunk))), () => assembler.flush(true)]) {
    const lines = step()
    text += lines?.bytes.toString('utf8') ?? ''
    truncated += lines?.truncated ?? 0
  }
  return { text, truncated }
}

test('only whole lines come out, whatever the chunks', () => {
  const assembler = createLineAssembler()
  expect(assembler.push(Buffer.from('one\ntw'))).toEqual({ bytes: Buffer.from('one\n'), truncated: 0 })
  expect(assembler.push(Buffer.from('o'))).toBeUndefined()
  expect(assembler.push(Buffer.from('\n\nfour\n'))).toEqual({ bytes: Buffer.from('two\n\nfour\n'), truncated: 0 })
  expect(assembler.hasPartialLine).toBe(false)
})

test('the last line needs no line feed', () => {
  const assembler = createLineAssembler()
  assembler.push(Buffer.from('last words'))
  expect(assembler.flush(true)).toEqual({ bytes: Buffer.from('last words\n'), truncated: 0 })
  expect(assembler.flush(true)).toBeUndefined()
})

test('every way to cut a text into two chunks gives the same lines', () => {
  const text = Buffer.from('grün\n日本語\r\n\n🙂 end\n')
  for (let cut = 0; cut <= text.length; cut += 1) expect(feed([text.subarray(0, cut), text.subarray(cut)]).text).toBe(text.toString('utf8'))
})

test('the beginning of a line is put before the rest of it where there is room, and nothing else is touched', () => {
  const memory = Buffer.alloc(40, '#')
  const assembler = createLineAssembler()
  const read = (text: string): string | undefined => {
    memory.write(text, 20)
    return assembler.push(memory.subarray(20, 20 + text.length), 20)?.bytes.toString()
  }
  expect(read('one\ntw')).toBe('one\n')
  expect(read('o\nthree')).toBe('two\n')
  expect(read(' and a half\n')).toBe('three and a half\n')
  expect(memory.toString('latin1', 0, 10)).toBe('##########')
})

test('a line above the cap goes on on the next line, is counted, and no character is torn', () => {
  expect(feed(['aaaa🙂🙂b\n'], 6)).toEqual({ text: 'aaaa\n🙂\n🙂b\n', truncated: 2 })
  expect(feed(['aa', 'aa🙂', '🙂b\nc\n'], 6)).toEqual({ text: 'aaaa\n🙂\n🙂b\nc\n', truncated: 2 })
  expect(feed(['123456\n1234567\n123456\n'], 6)).toEqual({ text: '123456\n123456\n7\n123456\n', truncated: 1 })
})

test('what is cut, whatever the chunks, is all there, in lines of at most the cap', () => {
  const text = `${'x'.repeat(25)}\nshort\n${'y'.repeat(31)}\n\nend`
  for (let size = 1; size <= text.length; size += 1) {
    const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, at) => text.slice(at * size, (at + 1) * size))
    const { text: lines } = feed(chunks, 10)
    expect(lines.replaceAll('\n', '')).toBe(text.replaceAll('\n', ''))
    expect(Math.max(...lines.split('\n').map((line) => line.length))).toBe(10)
  }
})

test('bytes that are not UTF-8 come out as they went in', () => {
  const bytes = Buffer.from([0xff, 0x80, 0x80, 0x80, 0x80, 0x80, 0x0a])
  expect(createLineAssembler(100).push(bytes)?.bytes).toEqual(bytes)
  expect(createLineAssembler(4).push(bytes)).toMatchObject({ truncated: 1 })
})

test('a line that was shown unfinished ends with its line feed, and is counted only when it goes on', () => {
  const assembler = createLineAssembler()
  assembler.push(Buffer.from('name? '))
  expect(assembler.flush(false)?.bytes.toString()).toBe('name? \n')
  expect(assembler.push(Buffer.from('\nnext\n'))).toEqual({ bytes: Buffer.from('next\n'), truncated: 0 })
  assembler.push(Buffer.from('half'))
  assembler.flush(false)
  expect(assembler.push(Buffer.from(' and'))).toBeUndefined()
  expect(assembler.push(Buffer.from(' half\n'))).toEqual({ bytes: Buffer.from(' and half\n'), truncated: 1 })
  expect(assembler.push(Buffer.from('\n'))?.bytes.toString()).toBe('\n')
})

test('an unfinished line is shown without half a character or half an escape sequence; at the end everything is', () => {
  const assembler = createLineAssembler()
  assembler.push(Buffer.from([0x61, 0xe2, 0x82]))
  expect(assembler.flush(false)?.bytes.toString()).toBe('a\n')
  expect(assembler.flush(false)).toBeUndefined()
  expect(assembler.push(Buffer.from([0xac, 0x0a]))?.bytes.toString()).toBe('€\n')
  assembler.push(Buffer.from('red\u001b[3'))
  expect(assembler.flush(false)?.bytes.toString()).toBe('red\n')
  expect(assembler.flush(true)?.bytes.toString()).toBe('\u001b[3\n')
})

test('what could not be shown of an unfinished line ends with its line feed, too', () => {
  const assembler = createLineAssembler()
  assembler.push(Buffer.from([0x61, 0xe2, 0x82]))
  expect(assembler.flush(false)?.bytes.toString()).toBe('a\n')
  expect(assembler.push(Buffer.from('\nnext\n'))).toEqual({ bytes: Buffer.from([0xe2, 0x82, 0x0a, ...Buffer.from('next\n')]), truncated: 1 })
})

test('a cut never falls into an escape sequence, unless the sequence is longer than the cap', () => {
  expect(feed(['aaaa\u001b[31mbb\n'], 7).text).toBe('aaaa\n\u001b[31mbb\n')
  expect(feed(['\u001b]0;a long title'], 6).text.replaceAll('\n', '')).toBe('\u001b]0;a long title')
})

test('a line that comes byte by byte is copied a few times, not for each byte', () => {
  const assembler = createLineAssembler(10_000_000)
  const byte = Buffer.from('x')
  // Copying for each byte would take minutes.
  for (let at = 0; at < 2_000_000; at += 1) assembler.push(byte)
  expect(assembler.push(Buffer.from('\n'))?.bytes.length).toBe(2_000_001)
})
