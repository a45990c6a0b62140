// docs/openapi.json: the routes of the control socket as an OpenAPI 3.1 document, from the table that server and client
// are made from.
import * as z from 'zod/mini'

import { ROUTES, STREAMS, failureSchema } from '../runtime/contract/control-routes.ts'
import { CONTROL_VERSION } from '../runtime/contract/control.ts'

type Schema = z.core.$ZodType
type Declared = { readonly method: 'GET' | 'POST'; readonly path: string; readonly description: string; readonly request: z.ZodMiniObject }

export const renderOpenApi = (): string => {
  const replies = Object.entries(ROUTES).map(([name, route]) => describe(name, route, { 'application/json': { schema: toSchema(succeed(route.reply), 'output') } }))
  const streams = Object.entries(STREAMS).map(([name, stream]) => describe(name, stream, { 'text/event-stream': { schema: describeEvents(stream.events) } }))
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'nixpack control socket',
      version: `${CONTROL_VERSION}`,
      description:
        'HTTP over a Unix socket of mode 0600 in a directory of mode 0700: `BASE/BUNDLE/INSTANCE/control.sock` (`./bundle paths` shows it). ' +
        'Each connection has one request. Requests are at most 65,536 bytes and headers 8,192; a request that is not complete after 2 s is thrown out.',
    },
    servers: [{ url: 'http://control', description: 'the host is not looked at: curl --unix-socket control.sock http://control/v1/status' }],
    paths: Object.fromEntries([...replies, ...streams].sort(([left], [right]) => (left < right ? -1 : 1))),
    components: { schemas: { Failure: toSchema(failureSchema, 'output') } },
  }
  return `${JSON.stringify(document, simplify, 2)}\n`
}

/** Any JSON is the only recursive type, and `{}` says the same; the bounds of safe integers go without saying. */
const simplify = (key: string, value: unknown): unknown => {
  if (key === '$defs' || (key.endsWith('imum') && Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER)) return undefined
  return String(Object(value)['$ref'] ?? '').startsWith('#/$defs/') ? {} : value
}

const describe = (name: string, { method, path, description, request }: Declared, content: unknown): [string, unknown] => {
  const failure = { description: 'refused: the code says why', content: { 'application/json': { schema: { $ref: '#/components/schemas/Failure' } } } }
  const responses = { '200': { description: 'done', content }, '400': failure, '500': failure }
  const asked = method === 'GET' ? { parameters: describeQuery(request) } : { requestBody: { content: { 'application/json': { schema: toSchema(request, 'input') } } } }
  return [path, { [method.toLowerCase()]: { operationId: name, summary: description, ...asked, responses } }]
}

const describeQuery = (request: z.ZodMiniObject): unknown => {
  const required = new Set<unknown>(Object(toSchema(request, 'input'))['required'] ?? [])
  return Object.entries(request.shape).map(([name, schema]) => ({ name, in: 'query', required: required.has(name), schema: toSchema(schema, 'input') }))
}

/** One entry per kind of event: `event: KIND` (none for `message`), and the JSON in `data:`. */
const describeEvents = (events: Readonly<Record<string, Schema>>): unknown => ({
  type: 'string',
  description: 'server-sent events; x-events has what is in `data` of each kind',
  'x-events': Object.fromEntries(Object.entries(events).map(([kind, schema]) => [kind, toSchema(schema, 'output')])),
})

const succeed = (value: Schema): Schema => z.strictObject({ ok: z.literal(true), value })

const toSchema = (schema: Schema, io: 'input' | 'output'): unknown => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' })
  return rest
}
