// The least of HTTP/1.1 that asks a question: one GET, of whose answer only the status counts. node:http would cost
// more memory than all checks together.

import { isIP } from 'node:net'
import type { Socket } from 'node:net'
import { answerNo, YES } from './probe-answer.ts'
import type { Answer } from './probe-answer.ts'

export type HttpTarget = { readonly host: string; readonly port: number; readonly isSecure: boolean; readonly request: string; readonly shownUrl: string }

export const parseHttpTarget = (text: string): HttpTarget => {
  const url = new URL(text)
  const isSecure = url.protocol === 'https:'
  const lines = [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    'User-Agent: nixpack',
    'Accept: */*',
    ...renderCredentials(url),
    'Connection: close',
  ]
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
    isSecure,
    request: `${lines.join('\r\n')}\r\n\r\n`,
    // Neither password nor token may reach a log.
    shownUrl: `${url.origin}${url.pathname}`,
  }
}

const renderCredentials = ({ username, password }: URL): readonly string[] => {
  if (username === '' && password === '') return []
  return [`Authorization: Basic ${Buffer.from(unescape(`${username}:${password}`)).toString('base64')}`]
}

const unescape = (text: string): string => text.replace(/(?:%[0-9a-f]{2})+/gi, (escaped) => Buffer.from(escaped.replaceAll('%', ''), 'hex').toString())

/** 2xx and 3xx mean yes. */
export const askHttp = (target: HttpTarget, socket: Socket, answer: (answer: Answer) => void): void => {
  if (!target.isSecure) return converse(target, socket, answer)
  void secure(target, socket).then((stream) => {
    stream.on('error', (error) => answer(answerNo(`${target.shownUrl} does not speak TLS with us: ${error.message}`)))
    converse(target, stream, answer)
  })
}

/** Certificates are not looked at: the question is whether it answers, and the names are those of other clients. */
const secure = async ({ host }: HttpTarget, socket: Socket): Promise<Socket> => {
  const { connect } = await import('node:tls')
  return connect({ socket, rejectUnauthorized: false, ...(isIP(host) === 0 ? { servername: host } : {}) })
}

const converse = ({ request, shownUrl }: HttpTarget, socket: Socket, answer: (answer: Answer) => void): void => {
  let text = ''
  let isDecided = false
  socket.setEncoding('latin1')
  socket.on('data', (piece: string) => {
    if (isDecided) return
    text += piece
    const result = parseStatus(text)
    if (result === undefined && text.length < HEAD_MAX) return
    isDecided = true
    const decision = result === undefined || 'isMalformed' in result ? answerNo(`${shownUrl} does not speak HTTP/1`) : judge(result.status, shownUrl)
    // A server that is cut off in the middle of its answer complains in its log.
    const timer = setTimeout(answer, DRAIN_MS, decision)
    const finish = (): void => {
      clearTimeout(timer)
      answer(decision)
    }
    socket.on('end', finish).prependListener('error', finish)
  })
  socket.write(request)
}

const judge = (status: number, shownUrl: string): Answer => (status >= 200 && status < 400 ? YES : answerNo(`${shownUrl} answered with status ${status}`))

type ParsedStatus = { readonly status: number } | { readonly isMalformed: true }

/** Undefined while the status line is incomplete. Interim answers (1xx) stand before the real one. */
export const parseStatus = (text: string): ParsedStatus | undefined => {
  const rest = text.replace(/^(?:HTTP\/1\.[01] 1\d\d[^\n]*\n(?:[^\r\n][^\n]*\n)*\r?\n)+/, '')
  const lineEnd = rest.indexOf('\n')
  const match = /^HTTP\/1\.[01] ([1-5]\d\d)(?:[ \r]|$)/.exec(rest.slice(0, lineEnd < 0 ? rest.length : lineEnd))
  if (lineEnd < 0) return rest.length >= PREFIX.length && !rest.startsWith(PREFIX) ? { isMalformed: true } : undefined
  if (match === null) return { isMalformed: true }
  const status = Number(match[1])
  return status < 200 ? undefined : { status }
}

const PREFIX = 'HTTP/1.'
const HEAD_MAX = 65_536
const DRAIN_MS = 100
