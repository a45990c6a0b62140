import { expect, test } from 'vitest'
import { parseSizeBytes, parseDurationMs } from '../../../runtime/contract/quantity.ts'
import { parseVariableValue } from '../../../runtime/contract/variable-value.ts'

const parse = (type: Parameters<typeof parseVariableValue>[0]['type'], text: string) =>
  parseVariableValue({ type, description: '', required: false, values: type === 'enum' ? ['a', 'b'] : undefined }, text)

test.each([
  ['string', 'x y', { text: 'x y', json: 'x y' }],
  ['integer', '-12', { text: '-12', json: -12 }],
  ['integer', '+007', { text: '7', json: 7 }],
  ['number', '1.50', { text: '1.5', json: 1.5 }],
  ['boolean', 'Yes', { text: 'true', json: true }],
  ['boolean', '0', { text: 'false', json: false }],
  ['port', '08080', { text: '8080', json: 8080, port: 8080 }],
  ['address', 'localhost:8000', { text: 'localhost:8000', json: 'localhost:8000', host: 'localhost', port: 8000 }],
  ['address', '[::1]:80', { text: '[::1]:80', json: '[::1]:80', host: '::1', port: 80 }],
  ['address', ':80', { text: ':80', json: ':80', host: '', port: 80 }],
  ['url', 'http://h/x', { text: 'http://h/x', json: 'http://h/x', host: 'h', port: 80 }],
  ['url', 'redis://h', { text: 'redis://h', json: 'redis://h', host: 'h', port: 6379 }],
  ['duration', '1h30m', { text: '1h30m', json: '1h30m' }],
  ['bytes', '64MiB', { text: '64MiB', json: '64MiB' }],
  ['enum', 'b', { text: 'b', json: 'b' }],
] as const)('%s %j', (type, text, value) => {
  expect(parse(type, text)).toEqual({ ok: true, value })
})

test.each([
  ['integer', '1.5'],
  ['integer', '9007199254740993'],
  ['integer', '1e3'],
  ['number', 'Infinity'],
  ['number', ''],
  ['boolean', 'maybe'],
  ['port', '0'],
  ['port', '65536'],
  ['address', 'nonsense'],
  ['address', 'host:0'],
  ['address', '::1:80'],
  ['address', 'a b:80'],
  ['address', 'host:80\n'],
  ['url', 'x'],
  ['url', 'http://a b'],
  ['duration', '10'],
  ['bytes', '1.5'],
  ['bytes', '-1kB'],
  ['enum', 'c'],
  ['string', 'a\0b'],
] as const)('%s %j is refused', (type, text) => {
  expect(parse(type, text)).toMatchObject({ ok: false })
})

test('limits are compared in the unit of the type', () => {
  const declaration = { type: 'duration', description: '', required: false, min: '1m' } as const
  expect(parseVariableValue(declaration, '59s')).toEqual({ ok: false, expected: 'a duration such as 10s, 5m or 1h30m not below 1m' })
  expect(parseVariableValue(declaration, '61s')).toMatchObject({ ok: true })
})

test('durations and sizes', () => {
  expect(['250ms', '1.5s', '1h30m', '1d', 's', '1x', ''].map(parseDurationMs)).toEqual([250, 1500, 5_400_000, 86_400_000, undefined, undefined, undefined])
  expect(['10', '1kB', '2KiB', '1 GiB', '1x'].map(parseSizeBytes)).toEqual([10, 1000, 2048, 1_073_741_824, undefined])
})
