// HTTP for the control socket: request -> route -> reply. Loaded with the first connection, which gets node:http its
// 10 ms and its memory; until then nothing of it exists. The server never listens itself, so that its own clock,
// which looks at all connections every second, is never wound up: connections.ts keeps the time.

import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import * as z from 'zod/mini'
import type { ControlFailure, RouteDeclaration, RouteName, StreamName } from '../contract/control-routes.ts'
import { ROUTES, STREAMS } from '../contract/control-routes.ts'
import { NixpackError } from '../contract/errors.ts'
import { createAnswers, createStreamAnswers } from './answers.ts'
import type { AnswerOptions } from './answers.ts'
import { readBody } from './body.ts'
import type { Connections } from './connections.ts'
import { createEventStream } from './event-stream.ts'
import type { EventStream } from './event-stream.ts'
import { decodeQuery } from './query.ts'
import { createReaders } from './readers.ts'
import type { Readers } from './readers.ts'
import { renderFailure, resolveHttpStatus } from './refusal.ts'

/** Connections are handed to it with `emit('connection', socket)`. */
export const createHttp = (options: AnswerOptions, connections: Connections): Server => {
  const routes = createRoutes(options)
  const server = createServer({ maxHeaderSize: HEADER_MAX_BYTES }, (request, response) => {
    void answer(request, response)
  })
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // Not there any more once the request was thrown away.
    const { socket } = request
    for (const stream of [request, response]) stream.on('error', () => response.destroy())
    const ended = (): void => connections.endAnswer(socket)
    try {
      const send = await prepareAnswer(routes, request)
      if (connections.beginAnswer(socket)) await send(response, ended)
    } catch (error) {
      connections.beginAnswer(socket)
      if (response.headersSent) response.destroy()
      else reply(response, resolveHttpStatus(error), renderFailure(error))
      ended()
    }
  }
  server.on('clientError', (_error, socket) => socket.destroy())
  return server
}

const HEADER_MAX_BYTES = 8192

type Send = (response: ServerResponse, ended: () => void) => Promise<void> | void
type Route = {
  readonly method: 'GET' | 'POST'
  readonly schema: z.ZodMiniObject
  /** Throws when the request is not as the schema says. */
  readonly prepare: (request: unknown) => Send
}
type Routes = ReadonlyMap<string, Route>

const createRoutes = (options: AnswerOptions): Routes => {
  const answers = createAnswers(options)
  const streams = createStreamAnswers(options)
  const readers = createReaders()
  const routes: Readonly<Record<RouteName | StreamName, [string, Route]>> = {
    status: answered(ROUTES.status, answers.status),
    explain: answered(ROUTES.explain, answers.explain),
    stats: answered(ROUTES.stats, answers.stats),
    sockets: answered(ROUTES.sockets, answers.sockets),
    plan: answered(ROUTES.plan, answers.plan),
    options: answered(ROUTES.options, answers.options),
    preview: answered(ROUTES.preview, answers.preview),
    execPlan: answered(ROUTES.execPlan, answers.execPlan),
    start: answered(ROUTES.start, answers.start),
    stop: answered(ROUTES.stop, answers.stop),
    restart: answered(ROUTES.restart, answers.restart),
    reload: answered(ROUTES.reload, answers.reload),
    signal: answered(ROUTES.signal, answers.signal),
    scale: answered(ROUTES.scale, answers.scale),
    add: answered(ROUTES.add, answers.add),
    remove: answered(ROUTES.remove, answers.remove),
    set: answered(ROUTES.set, answers.set),
    applyConfig: answered(ROUTES.applyConfig, answers.applyConfig),
    reopenLogs: answered(ROUTES.reopenLogs, answers.reopenLogs),
    down: answered(ROUTES.down, answers.down),
    logs: streamed(STREAMS.logs, { readers, isEvictable: true, begin: streams.logs }),
    events: streamed(STREAMS.events, { readers, isEvictable: true, begin: streams.events }),
    // The run ends with its reader, who may be a pager.
    runTask: streamed(STREAMS.runTask, { readers, isEvictable: false, begin: streams.runTask }),
  }
  return new Map(Object.values(routes))
}

type Declared<Schema> = Pick<RouteDeclaration, 'method' | 'path'> & { readonly request: Schema }

const answered = <Schema extends z.ZodMiniObject>(
  { method, path, request: schema }: Declared<Schema>,
  answer: (request: z.output<Schema>, gone: AbortSignal) => unknown,
): [string, Route] => {
  const prepare = (given: unknown): Send => {
    const request = z.parse(schema, given)
    return async (response, ended) => {
      const gone = new AbortController()
      response.once('close', () => gone.abort())
      if (response.closed) gone.abort()
      reply(response, 200, { ok: true, value: await answer(request, gone.signal) })
      ended()
    }
  }
  return [path, { method, schema, prepare }]
}

type Streaming<Asked> = { readonly readers: Readers; readonly isEvictable: boolean; readonly begin: (request: Asked) => (stream: EventStream) => void }

/** What can be refused is refused before the first event. */
const streamed = <Schema extends z.ZodMiniObject>(
  { method, path, request: schema }: Declared<Schema>,
  { readers, isEvictable, begin }: Streaming<z.output<Schema>>,
): [string, Route] => {
  const prepare = (given: unknown): Send => {
    const run = begin(z.parse(schema, given))
    return (response, ended) => {
      readers.makeRoom()
      const stream = createEventStream(response, ended)
      readers.add(stream, { isEvictable })
      run(stream)
    }
  }
  return [path, { method, schema, prepare }]
}

const prepareAnswer = async (routes: Routes, request: IncomingMessage): Promise<Send> => {
  const url = URL.parse(request.url ?? '/', 'http://control')
  const route = routes.get(url?.pathname ?? '')
  const what = `${request.method} ${url?.pathname ?? request.url}`
  if (url === null || route === undefined) throw new NixpackError('CONTROL_REFUSED', `cannot answer ${what}: no such path`)
  if (route.method !== request.method) throw new NixpackError('CONTROL_REFUSED', `cannot answer ${what}: expected ${route.method}`)
  return route.prepare(route.method === 'GET' ? decodeQuery(route.schema, url.searchParams) : await readBody(request))
}

const reply = (response: ServerResponse, status: number, body: ControlFailure | { readonly ok: true; readonly value: unknown }): void => {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
  response.end(`${JSON.stringify(body)}\n`)
}
