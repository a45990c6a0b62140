// The other end of the control socket: typed calls of the routes, for our own commands.

import { request as sendRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import * as z from 'zod/mini'
import { failureSchema } from '../contract/control-routes.ts'
import type { RunPaths } from '../contract/directories.ts'
import { ERRORS, NixpackError } from '../contract/errors.ts'
import type { ErrorCode } from '../contract/errors.ts'
import { codeOf, createTimeout, explainAnswer, explainConnection } from './client-failure.ts'
import { encodeQuery } from './query.ts'
import { parseServerEvents } from './server-events.ts'
import type { ServerEvent } from './server-events.ts'

export type ControlTarget = {
  readonly bundle: string
  readonly instance: string
  /** One per place where a run directory may be, best first. */
  readonly paths: readonly RunPaths[]
  /** Undefined: as long as it takes. */
  readonly timeoutMs?: number | undefined
}

type Route<Asked, Replied> = Call & { readonly request: Asked; readonly reply: Replied }
type Stream<Asked, Events> = Call & { readonly request: Asked; readonly events: Events }
type Schema = z.core.$ZodType
export type EventOf<Events extends Readonly<Record<string, Schema>>> = {
  readonly [Kind in keyof Events & string]: { readonly kind: Kind; readonly id?: number; readonly data: z.output<Events[Kind]> }
}[keyof Events & string]

/** The checked reply; throws what the server refused with, or CONTROL_UNREACHABLE. */
export const callControl = async <Asked extends Schema, Replied extends Schema>(
  target: ControlTarget,
  route: Route<Asked, Replied>,
  request: z.input<Asked>,
): Promise<z.output<Replied>> => {
  const opened = await openFirst(target, route, request)
  return readAnswer(opened, (text) => z.parse(route.reply, readValue(text)))
}

/** The events as they come; the stream ends when the server ends it. */
export async function* followControl<Asked extends Schema, Events extends Readonly<Record<string, Schema>>>(
  target: ControlTarget,
  stream: Stream<Asked, Events>,
  request: z.input<Asked>,
): AsyncGenerator<EventOf<Events>> {
  const opened = await openFirst(target, stream, request)
  const { response, socketPath } = opened
  if (response.headers['content-type'] !== EVENT_STREAM) {
    await readAnswer(opened, readValue)
    throw explainAnswer(socketPath, new Error('it sends no events'))
  }
  response.setEncoding('utf8')
  const isEvent = (event: { readonly kind: string; readonly data: unknown }): event is EventOf<Events> => {
    const schema = Object.hasOwn(stream.events, event.kind) ? stream.events[event.kind] : undefined
    // A kind that this client does not know is of a newer server.
    return schema !== undefined && z.safeParse(schema, event.data).success
  }
  const events = parseServerEvents(response)
  try {
    for (let event = await readEvent(events, socketPath); event !== undefined; event = await readEvent(events, socketPath)) {
      if (isEvent(event)) yield event
    }
  } finally {
    await events.return(undefined)
  }
}

const EVENT_STREAM = 'text/event-stream'

/** Undefined at the end. */
const readEvent = async (events: AsyncGenerator<ServerEvent>, socketPath: string) => {
  try {
    const next = await events.next()
    if (next.done === true) return undefined
    const { kind, id, data } = next.value
    return { kind, ...(id === undefined ? {} : { id }), data: JSON.parse(data) }
  } catch (error) {
    throw explainAnswer(socketPath, error)
  }
}

type Call = { readonly method: 'GET' | 'POST'; readonly path: string }

type Opened = { readonly response: IncomingMessage; readonly socketPath: string }

/** The response of the first socket that answers. */
const openFirst = async (target: ControlTarget, call: Call, request: unknown): Promise<Opened> => {
  for (const { controlSocketPath: socketPath } of target.paths) {
    const response = await send(socketPath, call, { request, timeoutMs: target.timeoutMs })
    if (response !== undefined) return { response, socketPath }
  }
  throw new NixpackError('CONTROL_UNREACHABLE', `cannot reach "${target.bundle}": instance "${target.instance}" is not running`, {
    hint: 'start it with the command "up", or name another one with --instance NAME',
  })
}

type Sending = { readonly request: unknown; readonly timeoutMs: number | undefined }

/** Undefined when nobody listens there: only these two errors prove that. */
const send = async (socketPath: string, call: Call, sending: Sending): Promise<IncomingMessage | undefined> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await open(socketPath, call, sending)
    } catch (error) {
      const code = codeOf(error)
      if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined
      if (!isCrowded(code) || attempt >= ATTEMPTS) throw explainConnection(socketPath, error)
      await setTimeout(attempt * RETRY_MS)
    }
  }
}

/** The queue of the socket is full (unix(7)), or so many others are asking that this one was thrown out unheard. */
const isCrowded = (code: string): boolean => code === 'EAGAIN' || code === 'ECONNRESET' || code === 'EPIPE'

const ATTEMPTS = 8
const RETRY_MS = 20

const open = (socketPath: string, { method, path }: Call, { request, timeoutMs }: Sending): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const isGet = method === 'GET'
    const outgoing = sendRequest({ socketPath, method, path: isGet ? path + encodeQuery(request) : path, headers: { connection: 'close' } }, resolve)
    outgoing.on('error', reject)
    if (timeoutMs !== undefined) outgoing.setTimeout(timeoutMs, () => outgoing.destroy(createTimeout(timeoutMs)))
    outgoing.on('response', () => outgoing.setTimeout(0))
    outgoing.end(isGet ? undefined : JSON.stringify(request))
  })

const readAnswer = async <Value>({ response, socketPath }: Opened, read: (text: string) => Value): Promise<Value> => {
  try {
    return read(await readText(response))
  } catch (error) {
    // What the server refused with.
    throw error instanceof NixpackError ? error : explainAnswer(socketPath, error)
  }
}

/** All of an answer is written at once. */
const ANSWER_IDLE_MS = 5000
const ANSWER_MAX = 67_108_864

const readText = async (response: IncomingMessage): Promise<string> => {
  response.setEncoding('utf8')
  response.setTimeout(ANSWER_IDLE_MS, () => response.destroy(createTimeout(ANSWER_IDLE_MS)))
  let text = ''
  for await (const chunk of response) {
    text += String(chunk)
    if (text.length > ANSWER_MAX) throw new Error(`it sends more than ${ANSWER_MAX} characters`)
  }
  return text
}

const replySchema = z.discriminatedUnion('ok', [z.strictObject({ ok: z.literal(true), value: z.unknown() }), failureSchema])

const readValue = (text: string): unknown => {
  const reply = replySchema.parse(JSON.parse(text))
  if (reply.ok) return reply.value
  const { code, message, hint } = reply.error
  throw new NixpackError(isErrorCode(code) ? code : 'CONTROL_REFUSED', message, hint === undefined ? {} : { hint })
}

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code)
