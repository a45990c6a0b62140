import { expect, test } from 'vitest'
import { isSameListener, parseAddress, parseBindAddress, renderAddress } from '../../../runtime/contract/address.ts'

test('port 0 is one to listen at, and none to connect to', () => {
  expect([parseAddress('localhost:0'), parseBindAddress('localhost:0'), parseBindAddress(':70000'), parseBindAddress('x')]).toEqual([
    undefined,
    { host: 'localhost', port: 0 },
    undefined,
    undefined,
  ])
})

test('addresses are written as they are read', () => {
  expect(['[::1]:80', 'localhost:80', ':80'].map((text) => renderAddress(parseAddress(text) ?? { host: '', port: 0 }))).toEqual([
    '[::1]:80',
    'localhost:80',
    ':80',
  ])
})

test.each([
  [':80', '127.0.0.1:80', true],
  ['[::1]:80', ':80', true],
  ['localhost:80', '127.0.0.1:80', true],
  ['LOCALHOST:80', 'localhost:80', true],
  ['0.0.0.0:80', '10.0.0.1:80', true],
  ['[::]:80', '[::1]:80', true],
  ['[::]:80', '10.0.0.1:80', false],
  ['10.0.0.1:80', '10.0.0.2:80', false],
  ['10.0.0.1:80', '10.0.0.1:81', false],
  [':0', ':0', false],
])('%s and %s exclude each other: %s', (left, right, expected) => {
  const [one, other] = [parseBindAddress(left), parseBindAddress(right)]
  expect(one !== undefined && other !== undefined && isSameListener(one, other)).toBe(expected)
})
