// Our own client against a socket where something answers that it does not expect: one error, which names the socket and
// says what to do.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ROUTES, STREAMS } from '../../runtime/contract/control-routes.ts'
import { resolveRunPaths } from '../../runtime/contract/directories.ts'
import { NixpackError, renderError } from '../../runtime/contract/errors.ts'
import { callControl, followControl } from '../../runtime/control/client.ts'
import { createRuntime } from '../helpers/start-runtime.ts'

let dir: string
let server: Server
beforeEach(() => void (dir = mkdtempSync('/tmp/nixpack-test-')))
afterEach(() => {
  server.close()
  rmSync(dir, { recursive: true, force: true })
})

const answerWith = async (baseDir: string, answer: (socket: Socket) => void): Promise<string> => {
  const { instanceDir, controlSocketPath } = resolveRunPaths(baseDir, 'demo', 'default')
  mkdirSync(instanceDir, { recursive: true, mode: 0o700 })
  server = createServer((socket) => socket.on('error', () => undefined).once('data', () => answer(socket)))
  await new Promise<void>((resolve) => server.listen(controlSocketPath, resolve))
  return controlSocketPath
}

const target = (timeoutMs?: number) => ({ bundle: 'demo', instance: 'default', paths: [resolveRunPaths(dir, 'demo', 'default')], timeoutMs })
const ask = (timeoutMs?: number): Promise<unknown> => callControl(target(timeoutMs), ROUTES.status, {})
const follow = async (): Promise<unknown> => {
  for await (const event of followControl(target(), STREAMS.events, {})) void event
  return undefined
}

const printed = async (asked: Promise<unknown>): Promise<string> => {
  const error: unknown = await asked.then(
    () => 'nothing was thrown',
    (thrown: unknown) => thrown,
  )
  // What is told apart from "it is not running" by its cause.
  if (error instanceof NixpackError) expect(error.cause).toBeInstanceOf(Error)
  return renderError(error, 'demo')
}

const respond =
  (body: string, { type = 'application/json', headers = '' } = {}) =>
  (socket: Socket): void =>
    void socket.end(`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\n${headers}connection: close\r\n\r\n${body}`)

const MISFIT = 'what answers there is not this bundle, or one of another version'

describe('what answers on the socket', () => {
  test.each([
    ['is a page', respond('<html>\u001b[2J</html>'), MISFIT, 'it is not JSON'],
    ['is nothing', respond(''), MISFIT, 'it is not JSON'],
    ['is JSON of another kind', respond('{"ok":1}'), MISFIT, 'ok: Invalid input'],
    ['is of another version', respond('{"ok":true,"value":{"version":2}}'), MISFIT, 'version: Invalid input'],
    ['is cut off', respond('{"ok":', { headers: 'content-length: 500\r\n' }), 'its answer ends in the middle', 'aborted'],
    ['speaks no HTTP', (socket: Socket) => void socket.end('SSH-2.0-OpenSSH_9.2\r\n'), MISFIT, 'Parse Error'],
    ['hangs up', (socket: Socket) => void socket.end(), 'it hangs up without an answer', 'socket hang up'],
  ])('%s', async (...[, answer, reason, cause]) => {
    const socketPath = await answerWith(dir, answer)
    const text = await printed(ask())
    expect(text).toContain(`demo: cannot use control socket "${socketPath}": ${reason}  [NIXPACK_CONTROL_UNREACHABLE]\n  hint: `)
    expect(text).toContain(`  caused by: ${cause}`)
    expect(text).not.toMatch(/\u001b|internal error|\n {4}at /)
  })

  test('is silent for longer than --timeout says', async () => {
    await answerWith(dir, () => undefined)
    expect(await printed(ask(100))).toMatch(/: it does not answer .*\n {2}hint: .*--timeout.*\n {2}caused by: nothing came within 0.1 s/)
  })

  test.each([
    ['is no stream of events', respond('{"ok":true,"value":1}'), 'it sends no events'],
    ['sends events that are none', respond('data: {{{\n\n', { type: 'text/event-stream' }), 'it is not JSON'],
  ])('%s', async (_what, answer, cause) => {
    await answerWith(dir, answer)
    expect(await printed(follow())).toContain(
      `: ${MISFIT}  [NIXPACK_CONTROL_UNREACHABLE]\n  hint: use the file that was started, or end what listens there\n  caused by: ${cause}`,
    )
  })
})

test.each([
  ['of another process namespace', { pid: process.pid, pidNamespace: 'pid:[1]' }],
  ['of an unknown process namespace', { pid: process.pid }],
])('down does not take a number %s for one of ours', async (_what, value) => {
  const runtime = createRuntime({ processes: { db: { command: ['/bin/true'] } } })
  await answerWith(runtime.runDir, respond(JSON.stringify({ ok: true, value })))
  expect(await runtime.run(['down', '--timeout', '5s'])).toMatchObject({ status: 0, stderr: '' })
  await runtime.dispose()
})

test('a command says it once, with its status', async () => {
  const runtime = createRuntime({ processes: { db: { command: ['/bin/true'] } } })
  const socketPath = await answerWith(runtime.runDir, respond('hello'))
  const { status, stderr } = await runtime.run(['status'])
  expect(stderr).toBe(
    `demo: cannot use control socket "${socketPath}": ${MISFIT}  [NIXPACK_CONTROL_UNREACHABLE]\n  hint: use the file that was started, or end what listens there\n  caused by: it is not JSON\n`,
  )
  expect(status).toBe(1)
  await runtime.dispose()
})
