// Who takes his time, and who takes too much: readers of tasks, requests that pile up, commands with a time limit.
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { open, send } from '../helpers/control-call.ts'
import { createRuntime, isAlive } from '../helpers/start-runtime.ts'
import type { Runtime, Running } from '../helpers/start-runtime.ts'

const SERVICE = ['/bin/sh', '-c', 'trap "exit 0" TERM; echo run $$; while :; do sleep 1000 & wait $!; done']
const STUBBORN = ['/bin/sh', '-c', 'trap "echo no" TERM; echo run $$; while :; do sleep 1000 & wait $!; done']
const LINES = 300_000
const DUMP = { command: ['/usr/bin/seq', '-f', 'a line of the task %08.0f', String(LINES)] }

let runtime: Runtime
afterEach(() => runtime.dispose())

const startServices = async (manifest: Readonly<Record<string, unknown>>): Promise<Running> => {
  runtime = createRuntime(manifest)
  const up = runtime.start()
  await up.sees(/\| run/)
  await runtime.run(['wait'])
  return up
}

const socketPath = (): string => join(runtime.runDir, 'demo/default/control.sock')

const follow = (): Promise<IncomingMessage> => open(socketPath(), { path: '/v1/logs?follow=1' })

/** Nothing is read before the program had every opportunity to lose what it has. */
const readLate = async (running: Running): Promise<string> => {
  const { stdout } = running.child
  if (stdout === null) throw new Error('unreachable: it is a pipe')
  stdout.pause()
  await new Promise((resolve) => setTimeout(resolve, 6000))
  stdout.resume()
  return (await running.finished).stdout
}

describe('the output of a task', () => {
  test('comes to its end, of a running instance, to a slow reader', async () => {
    await startServices({ processes: { db: { command: SERVICE } }, tasks: { dump: DUMP } })
    const running = runtime.start(['run', 'dump'])
    const lines = (await readLate(running)).trimEnd().split('\n')
    expect(lines.length).toBe(LINES)
    expect(lines.at(-1)).toBe(`a line of the task ${String(LINES).padStart(8, '0')}`)
    expect((await running.finished).status).toBe(0)
  }, 60_000)

  test('comes to its end when the instance is there for the task only', async () => {
    runtime = createRuntime({ processes: { db: { command: SERVICE } }, tasks: { dump: { ...DUMP, dependsOn: { db: 'ready' } } } })
    const running = runtime.start(['run', 'dump'])
    expect((await readLate(running)).trimEnd().split('\n').length).toBe(LINES)
    expect((await running.finished).status).toBe(0)
  }, 60_000)

  test('is not cut off because many others follow', async () => {
    await startServices({ processes: { db: { command: SERVICE } }, tasks: { dump: DUMP } })
    const running = runtime.start(['run', 'dump'])
    const text = readLate(running)
    const followers = await Promise.all(Array.from({ length: 31 }, follow))
    // Longer than a follower may leave something unread.
    await new Promise((resolve) => setTimeout(resolve, 5500))
    for (let late = 0; late < 3; late += 1) followers.push(await follow())
    expect((await text).trimEnd().split('\n').length).toBe(LINES)
    expect((await running.finished).status).toBe(0)
    expect(followers.map(({ statusCode }) => statusCode)).toContain(400)
    for (const follower of followers) follower.destroy()
  }, 60_000)
})

test('a pager may take its time', async () => {
  const text = 'of the file\n'.repeat(20_000)
  runtime = createRuntime({ files: { 'long.conf': { text } }, processes: { db: { command: SERVICE } } })
  expect(await readLate(runtime.start(['config', 'long.conf']))).toBe(text)
}, 60_000)

describe('a time limit', () => {
  test('of down ends the waiting, not the stop', async () => {
    const up = await startServices({ processes: { db: { command: STUBBORN, gracefulTimeout: '60s' } } })
    const { status, stderr } = await runtime.run(['down', '--timeout', '100ms'])
    expect(stderr).toContain('cannot wait any longer: "demo" is still stopping')
    expect(status).toBe(1)
    await up.sees(/\| no/)
    expect(up.child.exitCode).toBe(null)
    up.child.kill('SIGTERM')
    await up.finished
  })

  test.each([
    ['start', 'db'],
    ['scale', 'db=2'],
  ])('of %s %s ends with what is the case', async (...command) => {
    const ready = { logLine: 'never', timeout: '60s' }
    await startServices({ processes: { web: { command: SERVICE }, db: { command: SERVICE, autostart: false, ready } } })
    await runtime.run(['start', 'db', '--no-wait'])
    const { status, stderr } = await runtime.run([...command, '--timeout', '300ms'])
    expect(stderr).toMatch(/cannot wait any longer: db is running( \(.*\))?  \[NIXPACK_CONTROL_REFUSED\]/)
    expect(status).toBe(1)
  })

  test('of a command that nobody answers is told, not that there is no such process', async () => {
    const up = await startServices({ processes: { db: { command: SERVICE } } })
    up.child.kill('SIGSTOP')
    const { status, stderr } = await runtime.run(['stop', 'db', '--timeout', '100ms'])
    up.child.kill('SIGCONT')
    expect(stderr).toMatch(/: it does not answer .*\[NIXPACK_CONTROL_UNREACHABLE\]\n.*--timeout.*\n {2}caused by: nothing came within 0.1 s\n$/)
    expect(status).toBe(1)
  })

  test('may be longer than a timer', async () => {
    await startServices({ processes: { db: { command: SERVICE } } })
    const waiting = runtime.start(['wait', '--for', 'stopped', 'db', '--timeout', '30d'])
    const { value } = (await send(socketPath(), { path: '/v1/status' })).json()
    expect(await Promise.race([waiting.finished, send(socketPath(), { path: `/v1/events?since=${value.cursor}&follow=false` }).then(later)])).toBe('waits')
    await runtime.run(['stop', 'db'])
    expect((await waiting.finished).status).toBe(0)
  })
})

const later = async (): Promise<string> => {
  await new Promise((resolve) => setTimeout(resolve, 1500))
  return 'waits'
}

describe('too much', () => {
  test('of requests on one connection ends it', async () => {
    await startServices({ processes: { db: { command: SERVICE } } })
    const socket = connect(socketPath())
    socket.on('error', () => undefined).resume()
    const closed = new Promise((resolve) => socket.on('close', resolve))
    socket.write('GET /v1/events HTTP/1.1\r\nhost: x\r\n\r\n')
    socket.write('GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(5000))
    await closed
    expect((await send(socketPath(), { path: '/v1/status' })).status).toBe(200)
  })

  test('of parts of an option is refused at once', async () => {
    const up = await startServices({ processes: { db: { command: SERVICE } } })
    const startedMs = performance.now()
    const body = JSON.stringify({ process: 'db', options: { [`environment${'.a'.repeat(20_000)}`]: '1' } })
    const { status, json } = await send(socketPath(), { method: 'POST', path: '/v1/set' }, body)
    expect(status).toBe(400)
    expect(json().error.message).toContain('more than 8 parts')
    expect(performance.now() - startedMs).toBeLessThan(5000)
    expect(isAlive(up.child.pid ?? 0)).toBe(true)
  })
})

test('an instance cannot be removed: its process would be', async () => {
  await startServices({ processes: { db: { command: SERVICE, numprocesses: 2 } } })
  const { status, stderr } = await runtime.run(['rm', 'db:2'])
  expect(status).toBe(1)
  expect(stderr).toContain('cannot remove "db:2"')
  expect((await runtime.run(['numprocesses', 'db'])).stdout).toBe('2\n')
})
