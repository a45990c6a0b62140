// HTTP + JSON on the control socket. Whatever a peer sends, the processes do not notice: sizes, times and the number
// of connections are bounded, and every failure is a reply.

import { chmodSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { CONTROL_PATHS, CONTROL_VERSION, processSelectionSchema } from '../contract/control.ts'
import type { Accepted, BundleStatus, ControlFailure } from '../contract/control.ts'
import { NixpackError } from '../contract/errors.ts'
import type { LogHub } from '../log/log-hub.ts'
import type { Supervisor, Verb } from '../supervisor/supervisor.ts'
import { readBody } from './body.ts'
import { streamLogs } from './log-stream.ts'

export type ControlOptions = {
  readonly socketPath: string
  readonly name: string
  readonly instance: string
  readonly supervisor: Supervisor
  readonly hub: LogHub
  readonly linesDropped: () => number
}

export type ControlServer = {
  /** Lets followers of logs read to the end, for a moment. */
  close(): Promise<void>
}

/** Listens before it returns; the caller owns the directory of the socket. */
export const createControlServer = async (options: ControlOptions): Promise<ControlServer> => {
  const end = new AbortController()
  const routes = createRoutes(options, end.signal)
  const server = createServer(LIMITS, (request, response) => {
    void answer(routes, request, response)
  })
  server.maxConnections = 256
  server.on('clientError', (_error, socket) => socket.destroy())
  await listen(server, options.socketPath)
  chmodSync(options.socketPath, 0o600)
  server.on('error', () => undefined)
  return {
    close: () =>
      new Promise((resolve) => {
        end.abort()
        setTimeout(() => server.closeAllConnections(), LAST_REPLIES_MS)
        server.close(() => resolve())
      }),
  }
}

const LAST_REPLIES_MS = 200

const LIMITS = {
  headersTimeout: 2000,
  requestTimeout: 5000,
  keepAliveTimeout: 1,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 8192,
}

type Route = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void> | void

const createRoutes = (options: ControlOptions, end: AbortSignal): ReadonlyMap<string, Route> => {
  const { supervisor, hub } = options
  const startedAtMs = performance.now()
  const status = (): BundleStatus => ({
    version: CONTROL_VERSION,
    name: options.name,
    instance: options.instance,
    pid: process.pid,
    stopping: supervisor.isStopping,
    uptimeMs: Math.round(performance.now() - startedAtMs),
    linesDropped: options.linesDropped(),
    processes: [...supervisor.status()],
  })
  const command =
    (verb: Verb): Route =>
    async (request, response) => {
      const { processes } = processSelectionSchema.parse(await readBody(request))
      supervisor.command(verb, processes)
      accept(response)
    }
  return new Map<string, Route>([
    [`GET ${CONTROL_PATHS.status}`, (_request, response) => reply(response, 200, { ok: true, value: status() })],
    [
      `GET ${CONTROL_PATHS.logs}`,
      (_request, response, url) => {
        const processes = supervisor.resolveNames(url.searchParams.getAll('process'))
        streamLogs(response, hub, { processes, follow: url.searchParams.get('follow') === '1', end })
      },
    ],
    [
      `POST ${CONTROL_PATHS.down}`,
      (_request, response) => {
        accept(response)
        // Told again it would kill; a second client only wants to wait as well.
        if (!supervisor.isStopping) supervisor.down('told by the command "down"')
      },
    ],
    [`POST ${CONTROL_PATHS.start}`, command('start')],
    [`POST ${CONTROL_PATHS.stop}`, command('stop')],
    [`POST ${CONTROL_PATHS.restart}`, command('restart')],
  ])
}

const answer = async (routes: ReadonlyMap<string, Route>, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  response.on('error', () => response.destroy())
  try {
    const url = new URL(request.url ?? '/', 'http://control')
    const route = routes.get(`${request.method} ${url.pathname}`)
    if (route === undefined) throw new NixpackError('CONTROL_REFUSED', `cannot answer ${request.method} ${url.pathname}: no such path`)
    await route(request, response, url)
  } catch (error) {
    if (!response.headersSent) reply(response, 400, renderFailure(error))
    else response.destroy()
  }
}

const accept = (response: ServerResponse): void => {
  const value: Accepted = { pid: process.pid }
  reply(response, 200, { ok: true, value })
}

const renderFailure = (error: unknown): ControlFailure => {
  if (!(error instanceof NixpackError)) {
    return { ok: false, error: { code: 'CONTROL_REFUSED', message: 'cannot answer: the request is malformed' } }
  }
  const { code, message, hint } = error
  return { ok: false, error: { code, message, ...(hint === undefined ? {} : { hint }) } }
}

const reply = (response: ServerResponse, status: number, body: ControlFailure | { ok: true; value: unknown }): void => {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
  response.end(`${JSON.stringify(body)}\n`)
}

const listen = (server: Server, socketPath: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath, () => {
      server.off('error', reject)
      server.unref()
      resolve()
    })
  })
