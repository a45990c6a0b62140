// docs/openapi.json against what the server says: every answer that needs no special circumstances.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as z from 'zod'
import { send } from '../helpers/control-call.ts'
import { createRuntime } from '../helpers/start-runtime.ts'
import type { Runtime } from '../helpers/start-runtime.ts'

const { paths, components } = JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/openapi.json'), 'utf8'))

let runtime: Runtime
beforeAll(async () => {
  const command = ['/bin/sh', '-c', 'echo run; exec sleep 1000']
  runtime = createRuntime({ processes: { db: { command } }, files: { a: { text: 'x' } }, sockets: { front: { tcp: '127.0.0.1:0' } } })
  await runtime.start().sees(/\| run/)
  await runtime.run(['wait'])
})
afterAll(() => runtime.dispose())

test.each([
  ['GET', '/v1/status', ''],
  ['GET', '/v1/explain', '?process=db'],
  ['GET', '/v1/stats', '?extended=true'],
  ['GET', '/v1/sockets', ''],
  ['GET', '/v1/plan', ''],
  ['GET', '/v1/options', '?process=db'],
  ['GET', '/v1/config/preview', ''],
  ['GET', '/v1/exec/plan', '?process=db'],
  ['POST', '/v1/signal', '{"processes":["db"],"signal":"CONT"}'],
  ['POST', '/v1/set', '{"process":"db","options":{"maxRetry":4}}'],
  ['POST', '/v1/scale', '{"process":"db","numprocesses":2}'],
  ['POST', '/v1/add', '{"name":"more","declaration":{"command":["/bin/sleep","1000"]},"start":true}'],
  ['POST', '/v1/restart', '{"processes":["more"]}'],
  ['POST', '/v1/remove', '{"processes":["more"]}'],
  ['POST', '/v1/logs/reopen', '{}'],
  ['POST', '/v1/config/reload', '{}'],
])('%s %s answers as it is described', async (method, path, asked) => {
  const isGet = method === 'GET'
  const socketPath = join(runtime.runDir, 'demo/default/control.sock')
  const { status, json } = await send(socketPath, { method, path: isGet ? path + asked : path }, isGet ? undefined : asked)
  expect([status, json().error]).toEqual([200, undefined])
  const described = paths[path][method.toLowerCase()].responses['200'].content['application/json'].schema
  expect(z.fromJSONSchema(described).safeParse(json()).error).toBe(undefined)
})

test('a refusal is as it is described', async () => {
  const { json } = await send(join(runtime.runDir, 'demo/default/control.sock'), { path: '/v1/explain?process=none' })
  const failure = z.fromJSONSchema(components.schemas.Failure)
  expect(failure.safeParse(json()).success).toBe(true)
  expect(failure.safeParse({ ok: true }).success).toBe(false)
})
