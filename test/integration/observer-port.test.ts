// Who has an address before we start, told with real listeners: ours, the spawner's, a stranger's, and one that cannot be looked into.
import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { ListenOptions } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import type { ReadyCheck } from '../../runtime/contract/process-spec.ts'
import { findOccupant, renderOccupant } from '../../runtime/supervisor/port-owner-occupant.ts'
import { createOwnerCheck, findOwner, readTcpListeners, readUdpListeners } from '../../runtime/supervisor/port-owner.ts'
import { createSpawner } from '../../runtime/supervisor/spawner.ts'
import { buildShim } from '../helpers/build-shim.ts'
import { startRun } from '../helpers/observed-run.ts'
import type { ObservedRun } from '../helpers/observed-run.ts'

const dir = mkdtempSync(join(tmpdir(), 'nixpack-port-'))
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})
afterAll(() => rmSync(dir, { recursive: true }))

const listen = (where: ListenOptions): Promise<number> => {
  const server = createServer()
  cleanups.push(() => new Promise((resolve) => server.close(resolve)))
  return new Promise((resolve) => {
    server.listen(where, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}

const start = (script: string, environment: Readonly<Record<string, string>> = {}): ObservedRun => {
  const run = startRun(script, environment)
  cleanups.push(run.dispose)
  return run
}

const tcp = (host: string, port: number): ReadyCheck => ({ kind: 'tcp', host, port })
test('a free address has no occupant, and what is no address neither', async () => {
  for (const check of [
    tcp('127.0.0.1', 1),
    tcp('no.such.host.invalid', 80),
    tcp('192.0.2.1', 80),
    { kind: 'unix', socketPath: join(dir, 'free') },
    { kind: 'notify' },
    undefined,
  ] satisfies (ReadyCheck | undefined)[])
    expect(await findOccupant(check, 'demo')).toBeUndefined()
})

test.each(['127.0.0.1', 'localhost', '0.0.0.0', '::', '127.0.0.9'])('a listener on all addresses occupies %s', async (host) => {
  const port = await listen({ host: '::', port: 0 })
  expect(await findOccupant(tcp(host, port), 'demo')).toMatchObject({ pid: process.pid })
})

test('a socket of UDP is another one than that of TCP on the same port', async () => {
  const socket = createSocket('udp4')
  cleanups.push(() => socket.close())
  await new Promise<void>((resolve) => void socket.bind(0, '127.0.0.1', resolve))
  const { port } = socket.address()
  expect(readTcpListeners('127.0.0.1', port)).toEqual([])
  expect(findOwner(readUdpListeners('127.0.0.1', port))).toMatchObject({ pid: process.pid })
})

test('each of many listeners is found', async () => {
  const ports = await Promise.all(Array.from({ length: 150 }, () => listen({ host: '127.0.0.1', port: 0 })))
  expect(ports.filter((port) => readTcpListeners('127.0.0.1', port).length !== 1)).toEqual([])
})

test('a listener on one address leaves the others free', async () => {
  const port = await listen({ host: '127.0.0.1', port: 0 })
  expect(await findOccupant(tcp('127.0.0.2', port), 'demo')).toBeUndefined()
  expect(await findOccupant(tcp('::1', port), 'demo')).toBeUndefined()
})

test('the occupant is named by address, pid and program', async () => {
  const socketPath = join(dir, 'taken.sock')
  await listen({ path: socketPath })
  const program = `const s = require("net").createServer().listen(0, "127.0.0.1", () => console.log(s.address().port))`
  const run = start(`exec '${process.execPath}' -e '${program}'`)
  const port = Number(await run.line())
  const occupants = [tcp('localhost', port), { kind: 'http', url: `http://127.0.0.1:${port}/health` }] satisfies ReadyCheck[]
  for (const check of occupants) {
    const occupant = await findOccupant(check, 'demo')
    expect(occupant && renderOccupant(occupant)).toMatch(new RegExp(`^(localhost|127.0.0.1):${port} is in use by pid ${run.leaderPid} \\(\\S+\\)$`))
  }
  const occupant = await findOccupant({ kind: 'unix', socketPath }, 'demo')
  expect(occupant && renderOccupant(occupant)).toContain(`"${socketPath}" is in use by pid ${process.pid} (`)
})

test('the name of an occupant cannot reach the terminal as anything but text', async () => {
  const program = `process.title = "\\x1b[31m\\n\\x07evil"; const s = require("net").createServer().listen(0, "127.0.0.1", () => console.log(s.address().port))`
  const port = Number(await start(`exec '${process.execPath}' -e '${program}'`).line())
  expect(await findOccupant(tcp('127.0.0.1', port), 'demo')).toMatchObject({ program: '?[31m??evil' })
})

test('an instance of the same process is no occupant, with its children', async () => {
  const program = `const s = require("net").createServer().listen(0, "127.0.0.1", () => console.log(s.address().port))`
  const run = start(`'${process.execPath}' -e '${program}' & wait`, { NIXPACK_PROCESS: 'web' })
  const port = Number(await run.line())
  expect(await findOccupant(tcp('127.0.0.1', port), 'web')).toBeUndefined()
  expect(await findOccupant(tcp('127.0.0.1', port), 'we')).toBeDefined()
})

test('a process of another bundle is an occupant, whatever its name is', async () => {
  const program = `const s = require("net").createServer().listen(0, "127.0.0.1", () => console.log(s.address().port))`
  const run = start(`(setsid '${process.execPath}' -e '${program}' &)`, { NIXPACK_PROCESS: 'web' })
  const port = Number(await run.line())
  await run.exited
  expect(await findOccupant(tcp('127.0.0.1', port), 'web')).toMatchObject({ address: `127.0.0.1:${port}` })
})

test('a declared socket, which the spawner holds, has no occupant and is ours', async () => {
  const spawner = createSpawner({ shimPath: join(buildShim(dir), 'bin/shim'), environment: {} })
  cleanups.push(() => spawner.close())
  const address = await spawner.listen({
    name: 'web',
    address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    mode: undefined,
    umask: undefined,
    backlog: 10,
    reusePort: false,
    replace: false,
    interface: undefined,
  })
  const port = 'port' in address ? address.port : 0
  expect(await findOccupant(tcp('127.0.0.1', port), 'demo')).toBeUndefined()
  const run = start('exec sleep 1000')
  expect(createOwnerCheck(run)(readTcpListeners('127.0.0.1', port))).toEqual({ kind: 'ours' })
})

test('what nobody that can be seen holds is unknown, not foreign', () => {
  const run = start('exec sleep 1000')
  expect(createOwnerCheck(run)([])).toEqual({ kind: 'unknown' })
  expect(createOwnerCheck(run)(['4294967295'])).toEqual({ kind: 'unknown' })
  expect(renderOccupant({ address: '127.0.0.1:80', pid: undefined, program: undefined })).toBe(
    '127.0.0.1:80 is in use by a process that cannot be seen from here ("ss -ltnp" or "ss -lxp" as root names it)',
  )
})
