import { expect, test } from 'vitest'
import { parseHttpTarget, parseStatus } from '../../../runtime/supervisor/probe-http.ts'

test.each([
  ['HTTP/1.1 200 OK\r\n', 200],
  ['HTTP/1.0 204 \n', 204],
  ['HTTP/1.1 503\r\n', 503],
  ['HTTP/1.1 302 Found\r\nLocation: /', 302],
  ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n', 200],
  ['HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\n', 404],
])('%j has the status %d', (text, status) => {
  expect(parseStatus(text)).toEqual({ status })
})

test.each(['', 'H', 'HTTP/1.', 'HTTP/1.1 20', 'HTTP/1.1 200 OK', 'HTTP/1.1 100 Continue\r\n', 'HTTP/1.1 100 Continue\r\nX: y\r\n'])(
  '%j is not yet an answer',
  (text) => {
    expect(parseStatus(text)).toBeUndefined()
  },
)

test.each(['SSH-2.0-x\r\n', 'HTTP/2 200\r\n', 'HTTP/1.1 999 x\r\n', 'HTTP/1.1 2000 OK\r\n', '\n', 'garbage without end', 'HTTP/1.1200 OK\n'])(
  '%j is no answer in HTTP',
  (text) => {
    expect(parseStatus(text)).toEqual({ isMalformed: true })
  },
)

test('a request names host, path and query, and asks for the connection to be closed', () => {
  const { host, port, request } = parseHttpTarget('http://[::1]:8080/health?full=1#top')
  expect({ host, port }).toEqual({ host: '::1', port: 8080 })
  expect(request).toBe('GET /health?full=1 HTTP/1.1\r\nHost: [::1]:8080\r\nUser-Agent: nixpack\r\nAccept: */*\r\nConnection: close\r\n\r\n')
})

test('ports are those of the scheme when none is named', () => {
  expect(parseHttpTarget('http://localhost').port).toBe(80)
  expect(parseHttpTarget('https://localhost')).toMatchObject({ port: 443, isSecure: true })
})

test('credentials are sent, and neither they nor the query are shown', () => {
  const { request, shownUrl } = parseHttpTarget('http://me:p%C3%A4ss%@localhost:1/x?token=abc')
  expect(request).toContain(`Authorization: Basic ${Buffer.from('me:päss%').toString('base64')}\r\n`)
  expect(shownUrl).toBe('http://localhost:1/x')
})

test('a URL cannot add lines to the request', () => {
  const { request } = parseHttpTarget('http://localhost/a\r\nX-Evil: 1\r\n')
  expect(request).not.toContain('\r\nX-Evil')
})
