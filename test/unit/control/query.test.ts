import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { decodeQuery, encodeQuery } from '../../../runtime/control/query.ts'
import { ROUTES, STREAMS } from '../../../runtime/contract/control-routes.ts'

const decode = (schema: z.ZodMiniObject, query: string) => decodeQuery(schema, new URLSearchParams(query))

test('a request comes out of the query as it went in', () => {
  const request = { processes: ['a b', 'c&d=1', '7'], follow: true, lines: 20, since: undefined }
  const decoded = decode(STREAMS.logs.request, encodeQuery(request))
  expect(z.parse(STREAMS.logs.request, decoded)).toEqual({ processes: ['a b', 'c&d=1', '7'], follow: true, lines: 20 })
})

test('nothing asked for is no query', () => {
  expect(encodeQuery({})).toBe('')
  expect(decode(ROUTES.status.request, '')).toEqual({})
})

test.each([
  ['follow=1', { follow: true }],
  ['follow', { follow: true }],
  ['follow=false', { follow: false }],
  ['follow=maybe', { follow: 'maybe' }],
  ['lines=x', { lines: 'x' }],
  ['lines=', { lines: '' }],
  ['processes=a', { processes: ['a'] }],
  ['unknown=1', { unknown: '1' }],
  ['__proto__=1', JSON.parse('{"__proto__":"1"}')],
])('%s is read as %j', (query, expected) => {
  expect(decode(STREAMS.logs.request, query)).toEqual(expected)
})

test('what the schema does not know is refused by it', () => {
  expect(z.safeParse(STREAMS.logs.request, decode(STREAMS.logs.request, 'unknown=1')).success).toBe(false)
  expect(z.safeParse(STREAMS.logs.request, decode(STREAMS.logs.request, 'lines=-1')).success).toBe(false)
  expect(z.safeParse(STREAMS.logs.request, decode(STREAMS.logs.request, 'toString=1')).success).toBe(false)
})
