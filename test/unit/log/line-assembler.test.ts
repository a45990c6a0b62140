import { expect, test } from 'vitest'
import { createLineAssembler } from '../../../runtime/log/line-assembler.ts'

const feed = (chunks: readonly (string | Buffer)[], capBytes?: number): string => {
  const assembler = createLineAssembler(capBytes)
  const batches = chunks.map((chunk) => assembler.push(Buffer.from(chunk)))
  return [...batches, assembler.flush()].map((batch) => batch?.bytes.toString('utf8') ?? '').join('')
}

test('only whole lines come out, whatever the chunks', () => {
  const assembler = createLineAssembler()
  expect(assembler.push(Buffer.from('one\ntw'))).toEqual({ bytes: Buffer.from('one\n'), count: 1 })
  expect(assembler.push(Buffer.from('o'))).toBeUndefined()
  expect(assembler.push(Buffer.from('\n\nfour\n'))).toEqual({ bytes: Buffer.from('two\n\nfour\n'), count: 3 })
  expect(assembler.hasPartialLine).toBe(false)
})

test('the last line needs no line feed', () => {
  const assembler = createLineAssembler()
  assembler.push(Buffer.from('last words'))
  expect(assembler.flush()).toEqual({ bytes: Buffer.from('last words\n'), count: 1 })
  expect(assembler.flush()).toBeUndefined()
})

test('every way to cut a text into two chunks gives the same lines', () => {
  const text = Buffer.from('grün\n日本語\r\n\n🙂 end\n')
  for (let cut = 0; cut <= text.length; cut += 1) expect(feed([text.subarray(0, cut), text.subarray(cut)])).toBe(text.toString('utf8'))
})

test('a line above the cap goes on on the next line, and no character is torn', () => {
  expect(feed(['aaaa🙂🙂b\n'], 6)).toBe('aaaa\n🙂\n🙂b\n')
  expect(feed(['aa', 'aa🙂', '🙂b\nc\n'], 6)).toBe('aaaa\n🙂\n🙂b\nc\n')
})

test('bytes that are not UTF-8 come out as they went in', () => {
  const bytes = Buffer.from([0xff, 0x80, 0x80, 0x80, 0x80, 0x80, 0x0a])
  expect(createLineAssembler(100).push(bytes)?.bytes).toEqual(bytes)
  expect(createLineAssembler(4).push(bytes)).toMatchObject({ count: 2 })
})
