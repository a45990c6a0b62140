import { statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import type { IncomingMessage, RequestOptions } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRuntime } from '../helpers/start-runtime.ts'
import type { Runtime, Running } from '../helpers/start-runtime.ts'

const SERVICE = ['/bin/sh', '-c', 'trap "echo bye; exit 0" TERM; echo run $$; while :; do sleep 1000 & wait $!; done']

let runtime: Runtime
let up: Running
beforeEach(async () => {
  runtime = createRuntime({ processes: { db: { command: SERVICE }, api: { command: SERVICE, dependsOn: { db: 'ready' } } } })
  up = runtime.start()
  await up.sees(/api \| run/)
  // The socket appears while the processes start.
  while ((await runtime.run(['status'])).status !== 0) await Promise.resolve()
})
afterEach(() => runtime.dispose())

const socketPath = (): string => join(runtime.runDir, 'demo/default/control.sock')

const send = async (options: RequestOptions, body?: string): Promise<{ status: number | undefined; text: string }> => {
  const outgoing = request({ socketPath: socketPath(), ...options })
  outgoing.end(body)
  const response = await new Promise<IncomingMessage>((resolve, reject) => outgoing.on('response', resolve).on('error', reject))
  return { status: response.statusCode, text: (await response.setEncoding('utf8').toArray()).join('') }
}

/** Not once(): it would reject for the reset that is expected here. */
const closing = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve()
    else socket.on('close', () => resolve())
  })

const states = async (): Promise<readonly unknown[]> => JSON.parse((await runtime.run(['status', '--json'])).stdout).processes

test('only the user may use the socket', () => {
  expect(statSync(socketPath()).mode & 0o777).toBe(0o600)
  expect(statSync(join(runtime.runDir, 'demo/default')).mode & 0o777).toBe(0o700)
})

test('status shows every process, for people and for programs', async () => {
  expect((await runtime.run(['ps'])).stdout).toMatch(/^demo \(instance default, pid \d+\)\nNAME +STATE +PID[^]*db +ready +\d+/)
  expect(await states()).toMatchObject([
    { name: 'db', state: 'ready', restarts: 0, lastExit: null },
    { name: 'api', state: 'ready', restarts: 0, lastExit: null },
  ])
})

test('logs shows what was said, of all or of some', async () => {
  expect((await runtime.run(['logs'])).stdout).toMatch(/^db +\| run \d+\napi +\| run \d+\n$/)
  expect((await runtime.run(['logs', 'api'])).stdout).toMatch(/^api +\| run \d+\n$/)
})

test('logs -f follows until the bundle ends', async () => {
  const follower = runtime.start(['logs', '-f', 'db'])
  await follower.sees(/db +\| run/)
  up.child.kill('SIGTERM')
  expect(await follower.finished).toMatchObject({ status: 0, stdout: expect.stringMatching(/db +\| bye/) })
})

test('restart of one process leaves the others alone', async () => {
  const before = await states()
  expect((await runtime.run(['restart', 'api'])).status).toBe(0)
  await up.sees(/api \| bye[^]*api \| run/)
  expect((await states())[0]).toMatchObject({ pid: Object(before[0]).pid })
})

test('restart of everything goes down in reverse order and up again in order', async () => {
  await runtime.run(['restart'])
  const order = await up.sees(/api \| bye[^]*db {2}\| bye[^]*db {2}\| run[^]*api \| run/)
  expect(order).toHaveLength(1)
})

test('stop keeps the bundle running, start brings the process back', async () => {
  await runtime.run(['stop'])
  await up.sees(/db stopped/)
  expect(await states()).toMatchObject([{ state: 'stopped' }, { state: 'stopped' }])
  await runtime.run(['start', 'db'])
  await up.sees(/db {2}\| bye[^]*db {2}\| run/)
})

/** A process that has got SIGTERM and does not end before the test says so. */
const startReluctant = async (): Promise<{ readonly running: Running; readonly letGo: () => void }> => {
  await runtime.run(['down'])
  await runtime.dispose()
  const script = 'trap "echo asked; while [ ! -e go ]; do sleep 0.01; done; rm go; echo bye; exit 0" TERM; echo run $$; while :; do sleep 1000 & wait $!; done'
  runtime = createRuntime({ processes: { slow: { command: ['/bin/sh', '-c', script] } } })
  const running = runtime.start()
  await running.sees(/slow \| run/)
  while ((await runtime.run(['status'])).status !== 0) await Promise.resolve()
  return { running, letGo: () => writeFileSync(join(runtime.dir, 'go'), '') }
}

test('start while a process is being stopped starts it again', async () => {
  const { running, letGo } = await startReluctant()
  await runtime.run(['stop'])
  await running.sees(/asked/)
  await runtime.run(['start'])
  letGo()
  expect(await running.sees(/bye[^]*slow \| run/)).toHaveLength(1)
  letGo()
})

test('down while the bundle is going down waits with it, and does not kill', async () => {
  const { running, letGo } = await startReluctant()
  const downs = [runtime.run(['down'])]
  await running.sees(/asked/)
  expect((await send({ method: 'POST', path: '/v1/down' })).status).toBe(200)
  letGo()
  expect(await Promise.all(downs)).toMatchObject([{ status: 0 }])
  expect((await running.finished).stdout).toContain('bye')
})

test('down returns when the bundle is gone', async () => {
  expect((await runtime.run(['down'])).status).toBe(0)
  expect((await up.finished).status).toBe(0)
  const { status, stderr } = await runtime.run(['down'])
  expect(status).toBe(1)
  expect(stderr).toContain('[NIXPACK_CONTROL_UNREACHABLE]')
})

test('an unknown process is refused by name', async () => {
  const { status, stderr } = await runtime.run(['restart', 'apj'])
  expect(status).toBe(1)
  expect(stderr).toContain('cannot find process "apj", did you mean "api"?  [NIXPACK_CONTROL_REFUSED]')
  expect((await runtime.run(['logs', 'none'])).stderr).toContain('cannot find process "none"')
})

test('a second start of the instance is refused with the pid; another instance runs beside it', async () => {
  const { status, stderr } = await runtime.run([])
  expect(status).toBe(125)
  expect(stderr).toContain(`already running (pid ${up.child.pid})  [NIXPACK_CONTROL_IN_USE]`)
  expect(stderr).toContain('--instance NAME')
  const other = runtime.start(['--instance', 'two'])
  await other.sees(/api \| run/)
  other.child.kill('SIGTERM')
  expect((await other.finished).status).toBe(0)
})

test.each([
  ['an unknown path', { path: '/v1/nothing' }, undefined],
  ['a body that is not JSON', { method: 'POST', path: '/v1/restart' }, '{'],
  ['a body of another shape', { method: 'POST', path: '/v1/restart' }, '{"processes":"api"}'],
  ['an unknown key', { method: 'POST', path: '/v1/restart' }, '{"process":["api"]}'],
  ['a body that is too large', { method: 'POST', path: '/v1/restart' }, ' '.repeat(70_000)],
])('%s gets a reply with a code', async (_title, options, body) => {
  const { status, text } = await send(options, body)
  expect(status).toBe(400)
  expect(JSON.parse(text)).toMatchObject({ ok: false, error: { code: 'CONTROL_REFUSED' } })
})

test('garbage and half-open clients disturb nothing', async () => {
  const garbage = connect(socketPath())
  garbage
    .on('error', () => undefined)
    .resume()
    .write(Buffer.alloc(100_000, 0xff))
  const idle = Array.from({ length: 100 }, () => connect(socketPath()))
  for (const socket of idle)
    socket
      .on('error', () => undefined)
      .resume()
      .write('POST /v1/restart HTTP/1.1\r\nContent-Le')
  await closing(garbage)
  expect(await states()).toMatchObject([{ restarts: 0 }, { restarts: 0 }])
  // They are thrown out, all of them.
  await Promise.all(idle.map(closing))
})

test('the end of the run leaves no socket', async () => {
  up.child.kill('SIGTERM')
  await up.finished
  expect(() => statSync(socketPath())).toThrow('ENOENT')
})
