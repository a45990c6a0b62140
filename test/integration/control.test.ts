// The control socket as any program sees it: HTTP over a Unix socket, against a running bundle.
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { open, send } from '../helpers/control-call.ts'
import { createRuntime, isAlive } from '../helpers/start-runtime.ts'
import type { Runtime, Running } from '../helpers/start-runtime.ts'

const SERVICE = ['/bin/sh', '-c', 'trap "echo bye; exit 0" TERM; echo run $$; while :; do sleep 1000 & wait $!; done']

const socketOf = (runtime: Runtime): string => join(runtime.runDir, 'demo/default/control.sock')

/** The socket is there before the first line of a process. */
const startServices = async (manifest: Readonly<Record<string, unknown>> = {}): Promise<{ runtime: Runtime; up: Running }> => {
  const runtime = createRuntime({ processes: { db: { command: SERVICE }, api: { command: SERVICE, dependsOn: { db: 'ready' } } }, ...manifest })
  const up = runtime.start()
  await up.sees(/api +\| run/)
  await statusOf(runtime)
  return { runtime, up }
}

const statusOf = async (runtime: Runtime): Promise<ReturnType<typeof JSON.parse>> => {
  for (;;) {
    try {
      return (await send(socketOf(runtime), { path: '/v1/status' })).json().value
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    }
  }
}

/** Whoever is not served within this time waits for somebody else; a machine with more to do takes seconds for an answer. */
const HUNG_MS = 15_000

const post = (runtime: Runtime, path: string, body: unknown) => send(socketOf(runtime), { method: 'POST', path }, JSON.stringify(body))

describe('a running bundle', () => {
  let runtime: Runtime
  let up: Running
  beforeAll(async () => {
    const started = await startServices()
    runtime = started.runtime
    up = started.up
  })
  afterAll(() => runtime.dispose())

  test('only the user may use the socket', () => {
    expect(statSync(socketOf(runtime)).mode & 0o777).toBe(0o600)
    expect(statSync(join(runtime.runDir, 'demo/default')).mode & 0o777).toBe(0o700)
  })

  test('status shows every process and every instance', async () => {
    const { pid, processes } = await statusOf(runtime)
    expect(pid).toBe(up.child.pid)
    expect(processes).toMatchObject([
      { name: 'db', state: 'ready', numprocesses: 1, wanted: true, instances: [{ label: 'db', index: 1, state: 'ready' }] },
      { name: 'api', state: 'ready', restarts: 0, lastExit: null, counters: { starts: 1, lines: 1 } },
    ])
  })

  test.each([
    ['an unknown path', { path: '/v1/nothing' }, undefined, 'cannot answer GET /v1/nothing: no such path'],
    ['the wrong method', { path: '/v1/restart' }, undefined, 'expected POST'],
    ['a body that is not JSON', { method: 'POST', path: '/v1/restart' }, '{', 'the body is not JSON'],
    ['a body of another shape', { method: 'POST', path: '/v1/restart' }, '{"processes":"api"}', 'processes: expected array'],
    ['an unknown key', { method: 'POST', path: '/v1/restart' }, '{"process":["api"]}', 'unknown key "process"'],
    ['a body that is too large', { method: 'POST', path: '/v1/restart' }, ' '.repeat(70_000), 'more than 65536 bytes'],
    [
      'a body that is too deep',
      { method: 'POST', path: '/v1/set' },
      `{"process":"db","options":{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`,
      'more than 64 levels',
    ],
    ['a key that no record holds', { method: 'POST', path: '/v1/set' }, '{"process":"db","options":{"__proto__":1}}', 'nothing can be called "__proto__"'],
    ['a name without end', { method: 'POST', path: '/v1/scale' }, `{"process":"${'x'.repeat(60_000)}","numprocesses":1}`, 'process: at most 200 characters'],
    ['an unknown query', { path: '/v1/logs?lines=-1' }, undefined, 'lines'],
    ['an unknown process', { path: '/v1/explain?process=apj' }, undefined, 'cannot find process "apj", did you mean "api"?'],
    ['an unknown signal', { method: 'POST', path: '/v1/signal' }, '{"processes":["api"],"signal":"NONE"}', 'cannot send "NONE": no such signal'],
    ['an unknown task', { method: 'POST', path: '/v1/tasks/run' }, '{"task":"none"}', 'cannot run "none": no such task'],
    ['a path that is none', { path: '//' }, undefined, 'cannot answer'],
  ])('%s gets a reply with a code', async (...[, options, body, message]) => {
    const { status, json } = await send(socketOf(runtime), options, body)
    expect(status).toBe(400)
    expect(json()).toMatchObject({ ok: false, error: { code: 'CONTROL_REFUSED', message: expect.stringContaining(message) } })
  })

  test.each([
    ['size', ' '.repeat(70_000)],
    ['depth', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`],
    ['keys', '{"__proto__":1}'],
  ])('the %s of a body is refused with a hint', async (_what, body) => {
    const { json } = await send(socketOf(runtime), { method: 'POST', path: '/v1/set' }, body)
    expect(json().error).toMatchObject({ message: expect.stringContaining('cannot read the request: '), hint: expect.any(String) })
  })

  test('events are replayed from a cursor, then follow', async () => {
    const all = await send(socketOf(runtime), { path: '/v1/events?follow=false&since=0' })
    const events = readEvents(all.text)
    expect(events.map(({ data }) => data.cursor)).toEqual(events.map((_event, index) => index + 1))
    expect(events.map(({ data }) => data.label ?? '').join(' ')).toMatch(/db .*api/)
    const { cursor } = await statusOf(runtime)
    const response = await open(socketOf(runtime), { path: `/v1/events?since=${cursor}&processes=api` })
    await post(runtime, '/v1/signal', { processes: ['api'], signal: 'KILL' })
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) {
      text += chunk
      if (/"state":"ready"/.test(text)) break
    }
    const following = readEvents(text)
    expect(following[0]?.data.cursor).toBeGreaterThan(cursor)
    expect(following.every(({ data }) => data.process === 'api')).toBe(true)
  })

  test('logs has the lines with their numbers, only as many as wanted, and only what is new', async () => {
    const { text } = await send(socketOf(runtime), { path: '/v1/logs?processes=db' })
    const { id, data } = readEvents(text)[0] ?? { id: 0, data: undefined }
    expect(data).toMatchObject({ process: 'db', label: 'db', stream: 'out', firstLine: 1, lines: [expect.stringMatching(/^run \d+$/)] })
    expect((await send(socketOf(runtime), { path: '/v1/logs?lines=0' })).text).toBe('')
    expect((await send(socketOf(runtime), { path: `/v1/logs?processes=db&since=${id}` })).text).toBe('')
  })

  test('stats has the processor time and memory of each instance with what it started', async () => {
    const { value } = (await send(socketOf(runtime), { path: '/v1/stats?processes=db&extended=true' })).json()
    expect(value.instances).toMatchObject([{ label: 'db', processes: 2, commandLine: SERVICE, extended: { threads: 1 } }])
    expect(value.instances[0].memoryBytes).toBeGreaterThan(500_000)
    expect(value.supervisor.pid).toBe(up.child.pid)
  })

  test('explain tells what a process depends on and what it has said', async () => {
    const { value } = (await send(socketOf(runtime), { path: '/v1/explain?process=api' })).json()
    expect(value).toMatchObject({ name: 'api', waitingFor: [{ process: 'db', condition: 'ready', met: true }] })
    expect(value.lastLines.join()).toMatch(/run \d+/)
  })

  test('plan shows the start in waves', async () => {
    const { value } = (await send(socketOf(runtime), { path: '/v1/plan' })).json()
    expect(value.waves).toEqual([['db'], ['api']])
    expect(value.processes[1]).toMatchObject({ name: 'api', command: SERVICE, dependsOn: ['db ready'] })
  })

  test('restart of one process leaves the others alone, and answers with the pids', async () => {
    const before = (await statusOf(runtime)).processes
    const { value } = (await post(runtime, '/v1/restart', { processes: ['api'] })).json()
    const after = (await statusOf(runtime)).processes
    expect(value).toMatchObject({ done: true, stopped: [before[1].pid], started: [after[1].pid], failed: [] })
    expect(after[0].pid).toBe(before[0].pid)
  })

  test('start of what runs keeps it', async () => {
    const [db] = (await statusOf(runtime)).processes
    expect((await post(runtime, '/v1/start', { processes: ['db'] })).json().value).toMatchObject({ kept: [db.pid], started: [] })
  })

  test('commands about different processes do not wait for each other', async () => {
    const go = join(runtime.dir, 'go')
    const slow = `trap "while [ ! -e ${go} ]; do sleep 0.02; done; exit 0" TERM; echo slowly; while :; do sleep 1000 & wait $!; done`
    const declaration = { command: ['/bin/sh', '-c', slow], essential: false, gracefulTimeout: '60s' }
    await post(runtime, '/v1/add', { name: 'slow', declaration, start: true })
    await up.sees(/slow +\| slowly/)
    const stopping = post(runtime, '/v1/stop', { processes: ['slow'] })
    const order: string[] = []
    const stopped = stopping.then(() => order.push('slow'))
    await post(runtime, '/v1/restart', { processes: ['api'] }).then(() => order.push('api'))
    writeFileSync(go, '')
    await stopped
    expect(order).toEqual(['api', 'slow'])
    await post(runtime, '/v1/remove', { processes: ['slow'] })
  })
})

type Event = { readonly kind: string; readonly id: number; readonly data: ReturnType<typeof JSON.parse> }

const readEvents = (text: string): readonly Event[] =>
  text
    .split('\n\n')
    .slice(0, -1)
    .map((block) => {
      const fields = new Map(block.split('\n').map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]))
      return { kind: fields.get('event') ?? 'message', id: Number(fields.get('id')), data: JSON.parse(fields.get('data') ?? 'null') }
    })

/** Not once(): it would reject for the reset that is expected here. */
const closing = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve()
    else socket.on('close', () => resolve())
  })

/** Until it is connected, or was refused. */
const connecting = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (!socket.connecting) return resolve()
    socket.once('connect', () => resolve()).once('close', () => resolve())
  })

describe('clients that are not what they should be', () => {
  let runtime: Runtime
  let up: Running
  beforeAll(async () => {
    const started = await startServices()
    runtime = started.runtime
    up = started.up
  })
  afterAll(() => runtime.dispose())
  const clients: Socket[] = []
  afterEach(() => {
    for (const socket of clients.splice(0)) socket.destroy()
  })

  /** One that reads nothing, unless it is told to. */
  const connectClient = (words: string | Buffer): Socket => {
    const socket = connect(socketOf(runtime))
    socket.on('error', () => undefined).write(words)
    clients.push(socket)
    return socket
  }

  /** How long a legitimate client waits for its answer, which says that the processes have noticed nothing. */
  const answerMs = async (): Promise<number> => {
    const before = performance.now()
    const { processes } = await statusOf(runtime)
    const elapsedMs = performance.now() - before
    expect(processes.filter(({ name }: { name: string }) => name === 'db' || name === 'api')).toMatchObject([
      { state: 'ready', restarts: 0 },
      { state: 'ready', restarts: 0 },
    ])
    return elapsedMs
  }

  test.each([
    ['bytes that are no text', Buffer.alloc(100_000, 0xff)],
    ['a line without end', 'GET /'.padEnd(200_000, 'x')],
    ['headers without end', `GET /v1/status HTTP/1.1\r\n${'x: y\r\n'.repeat(20_000)}`],
    ['a header that is too large', `GET /v1/status HTTP/1.1\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`],
    ['a chunk with a size of its own', 'POST /v1/restart HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n'],
    ['two lengths', 'POST /v1/restart HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}'],
    ['another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a tunnel', 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n'],
    [
      'a body without end',
      `POST /v1/restart HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${'3e8\r\n'.concat(' '.repeat(1000), '\r\n').repeat(200)}`,
    ],
  ])('%s: the connection ends, nothing else happens', async (_title, words) => {
    const socket = connectClient(words).resume()
    await closing(socket)
    expect(await answerMs()).toBeLessThan(HUNG_MS)
  })

  test('1,000 half-open clients are thrown out, and everybody else is answered meanwhile', async () => {
    const sockets = Array.from({ length: 1000 }, (_, index) => connectClient(index % 2 === 0 ? '' : 'POST /v1/restart HTTP/1.1\r\nContent-Le').resume())
    await Promise.all(sockets.map(connecting))
    for (let round = 0; round < 10; round += 1) expect(await answerMs()).toBeLessThan(HUNG_MS)
    await Promise.all(sockets.map(closing))
    expect(await answerMs()).toBeLessThan(HUNG_MS)
  })

  test('a thousand requests in one packet are one request', async () => {
    const socket = connectClient('GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1000))
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk) => (text += chunk))
    await closing(socket)
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(1)
  })

  test('readers that do not read are thrown out', async () => {
    // Each reply is larger than what the kernel takes of it.
    const big = { command: ['/bin/true', 'x'.repeat(50_000)], autostart: false, essential: false }
    for (let number = 0; number < 10; number += 1) await post(runtime, '/v1/add', { name: `big-${number}`, declaration: big })
    const sockets = Array.from({ length: 50 }, () => connectClient('GET /v1/plan HTTP/1.1\r\nHost: x\r\n\r\n'))
    for (let round = 0; round < 5; round += 1) {
      const before = performance.now()
      expect((await send(socketOf(runtime), { path: '/v1/sockets' })).status).toBe(200)
      expect(performance.now() - before).toBeLessThan(HUNG_MS)
    }
    // What has arrived may be read; then it ends.
    await Promise.all(
      sockets.map(async (socket) => {
        await new Promise((resolve) => setTimeout(resolve, 6000))
        socket.resume()
        await closing(socket)
      }),
    )
    await post(runtime, '/v1/remove', { processes: ['big-*'] })
    expect(await answerMs()).toBeLessThan(HUNG_MS)
  })

  test('followers that do not read lose lines, and are told how many', async () => {
    const flood = 'head -c 8000000 /dev/zero | tr "\\0" x | fold -w 99; echo; echo over; sleep 1000'
    const socket = connectClient('GET /v1/logs?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n')
    await new Promise((resolve) => socket.once('readable', resolve))
    await post(runtime, '/v1/add', { name: 'flood', declaration: { command: ['/bin/sh', '-c', flood], essential: false }, start: true })
    await up.sees(/flood \| over/)
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk) => (text += chunk))
    await post(runtime, '/v1/signal', { processes: ['flood'], signal: 'KILL' })
    await post(runtime, '/v1/remove', { processes: ['flood'] })
    while (!text.includes('event: skipped')) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(Number(/event: skipped\ndata: (\d+)/.exec(text)?.[1])).toBeGreaterThan(1000)
    expect(await answerMs()).toBeLessThan(HUNG_MS)
  })

  test('only so many readers may follow', async () => {
    const followers = await Promise.all(Array.from({ length: 32 }, () => open(socketOf(runtime), { path: '/v1/logs?follow=1' })))
    const { status, json } = await send(socketOf(runtime), { path: '/v1/logs?follow=1' })
    expect(status).toBe(400)
    expect(json().error).toMatchObject({ message: 'cannot answer: 32 readers are following already', hint: 'end one of them, and ask again' })
    for (const follower of followers) follower.destroy()
    expect(await answerMs()).toBeLessThan(HUNG_MS)
  })

  test('a follower that leaves unread what is there makes way for another one', async () => {
    const idle = connectClient('GET /v1/logs?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n')
    await new Promise((resolve) => idle.once('readable', resolve))
    const flood = 'head -c 8000000 /dev/zero | tr "\\0" x | fold -w 99; echo; echo done; sleep 1000'
    await post(runtime, '/v1/add', { name: 'spate', declaration: { command: ['/bin/sh', '-c', flood], essential: false }, start: true })
    await up.sees(/spate \| done/)
    const followers = await Promise.all(Array.from({ length: 31 }, () => open(socketOf(runtime), { path: '/v1/logs?follow=1&lines=0' })))
    const takesItsPlace = async (): Promise<void> => {
      const next = await open(socketOf(runtime), { path: '/v1/logs?follow=1&lines=0' })
      followers.push(next)
      expect(next.statusCode).toBe(200)
    }
    // Everybody leaves something unread for a moment.
    await vi.waitFor(takesItsPlace, { timeout: 20_000, interval: 500 })
    await closing(idle.resume())
    for (const follower of followers) follower.destroy()
    await post(runtime, '/v1/remove', { processes: ['spate'] })
    expect(await answerMs()).toBeLessThan(HUNG_MS)
  })

  test('however many wait for a command, whoever comes next is answered', async () => {
    const never = { command: SERVICE, essential: false, ready: { tcp: '127.0.0.1:1', timeout: '1h' } }
    await post(runtime, '/v1/add', { name: 'never', declaration: never, start: true, wait: false })
    const body = '{"process":"never","numprocesses":1}'
    const waiting = Array.from({ length: 300 }, () => connectClient(`POST /v1/scale HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`))
    await Promise.all(waiting.map(connecting))
    expect(await answerMs()).toBeLessThan(HUNG_MS)
    const { status, json } = await post(runtime, '/v1/scale', { process: 'never', numprocesses: 1 })
    expect(status).toBe(400)
    expect(json().error.message).toContain('cannot wait for the command, which has begun: 128 others are waiting already')
    await post(runtime, '/v1/remove', { processes: ['never'] })
    expect(await answerMs()).toBeLessThan(HUNG_MS)
  })

  test('who waited for a command and has gone away keeps nobody from waiting', async () => {
    const never = { command: SERVICE, essential: false, ready: { tcp: '127.0.0.1:1', timeout: '1h' } }
    await post(runtime, '/v1/add', { name: 'late', declaration: never, start: true, wait: false })
    const body = '{"process":"late","numprocesses":1}'
    const request = `POST /v1/scale HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    const waiting = Array.from({ length: 160 }, () => connectClient(request).resume())
    // Those that are too many.
    await Promise.race(waiting.map(closing))
    for (const socket of waiting) socket.destroy()
    const restart = async (): Promise<void> => {
      const { json } = await post(runtime, '/v1/restart', { processes: ['api'] })
      expect(json()).toMatchObject({ ok: true, value: { done: true, failed: [] } })
    }
    await vi.waitFor(restart, 10_000)
    await post(runtime, '/v1/remove', { processes: ['late'] })
  })

  test('when all are gone, nothing of them is left', async () => {
    const before = countDescriptors(up)
    const sockets = Array.from({ length: 200 }, () => connectClient('GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n').resume())
    await Promise.all(sockets.map(closing))
    expect(await answerMs()).toBeLessThan(HUNG_MS)
    await vi.waitFor(() => expect(countDescriptors(up)).toBeLessThanOrEqual(before), 5000)
  })
})

const countDescriptors = ({ child }: Running): number => readdirSync(`/proc/${child.pid}/fd`).length

describe('an idle bundle', () => {
  let runtime: Runtime
  afterEach(() => runtime.dispose())

  test('wakes up for nothing while nobody asks', async () => {
    const started = await startServices()
    runtime = started.runtime
    const switches = (): number => Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(readFileSync(`/proc/${started.up.child.pid}/status`, 'utf8'))?.[1])
    // What the start still has to do begins after three seconds, and ends when the machine lets it.
    await new Promise((resolve) => setTimeout(resolve, 3000))
    let before = -1
    while (before !== switches()) {
      before = switches()
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
    await new Promise((resolve) => setTimeout(resolve, 5000))
    expect(switches() - before).toBeLessThanOrEqual(2)
  })

  test('the end of the run leaves no socket and no process', async () => {
    const started = await startServices()
    runtime = started.runtime
    const pids = (await statusOf(runtime)).processes.map(({ pid }: { pid: number }) => pid)
    expect((await post(runtime, '/v1/down', {})).status).toBe(200)
    expect((await started.up.finished).status).toBe(0)
    expect(() => statSync(socketOf(runtime))).toThrow('ENOENT')
    expect(pids.filter(isAlive)).toEqual([])
  })
})
