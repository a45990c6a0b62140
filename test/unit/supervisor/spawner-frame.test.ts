import { expect, test } from 'vitest'
import { createFrameParser, findField, findNumber, renderFrame, selectFields } from '../../../runtime/supervisor/spawner-frame.ts'

const frame = (verb: string, ...fields: readonly string[]): Buffer => {
  const bytes = renderFrame({ verb, id: '1', fields })
  if (bytes instanceof Error) throw bytes
  return bytes
}

test('a frame is a length and strings that end with NUL', () => {
  expect(frame('spawn', 'arg=é').toString('latin1')).toBe('\x0f\0\0\0spawn\x001\0arg=\xc3\xa9\0')
})

test('frames are found wherever the bytes are cut', () => {
  const bytes = Buffer.concat([frame('spawned', 'pid=7'), frame('notified', 'field=STATUS=a = b', 'field=', 'field=é'), frame('exited')])
  for (let size = 1; size <= bytes.length; size += 1) {
    const parse = createFrameParser()
    const messages = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => parse(bytes.subarray(index * size, (index + 1) * size))).flat()
    expect(messages).toEqual([
      { verb: 'spawned', id: '1', fields: ['pid=7'] },
      { verb: 'notified', id: '1', fields: ['field=STATUS=a = b', 'field=', 'field=é'] },
      { verb: 'exited', id: '1', fields: [] },
    ])
  }
})

test('fields are found by their whole key', () => {
  const message = { verb: 'x', id: '1', fields: ['pid-file=a', 'pid=7', 'pid=8', 'text=a=b'] }
  expect(findField(message, 'text')).toBe('a=b')
  expect(findNumber(message, 'pid')).toBe(7)
  expect(findNumber(message, 'none')).toBe(0)
  expect(selectFields(message, 'pid')).toEqual(['7', '8'])
})

test('a NUL is named without the secret that it is in', () => {
  expect(renderFrame({ verb: 'spawn', id: '1', fields: ['env=PASSWORD=secret\0'] })).toEqual(new Error('its variable "PASSWORD" holds a NUL'))
  expect(renderFrame({ verb: 'spawn', id: '1', fields: ['arg=secret\0'] })).toEqual(new Error('its arg holds a NUL'))
})

test.each([
  ['a NUL, which would begin another string', ['arg=a\0uid=0']],
  ['more bytes than the spawner takes', ['x'.repeat(9 * 2 ** 20)]],
  ['more strings than the spawner takes', Array.from({ length: 2 ** 17 }, () => 'arg=')],
])('%s cannot be sent', (_what, fields) => {
  expect(renderFrame({ verb: 'spawn', id: '1', fields })).toBeInstanceOf(Error)
})
