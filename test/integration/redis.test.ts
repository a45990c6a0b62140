import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { exampleProgramDir } from '../../bench/example-program.ts'
import { createRuntime } from '../helpers/start-runtime.ts'
import type { Runtime } from '../helpers/start-runtime.ts'

const SEARCH_PATH = `${exampleProgramDir('redis')}:/usr/bin:/bin`

const CONF = [
  'port @{nixpack:env.PORT}',
  'bind 127.0.0.1',
  'dir @{nixpack:env.DEMO_DATA_DIR|quote}',
  'appendonly yes',
  'appendfsync no',
  'appendfilename demo.data',
].join('\n')

const MANIFEST = {
  env: { PORT: { type: 'port', required: true }, DEMO_DATA_DIR: { type: 'directory', default: '.' } },
  files: { 'redis.conf': { text: CONF } },
  processes: {
    redis: {
      command: ['redis-server', '@{nixpack:file.redis.conf}'],
      ready: { tcp: '127.0.0.1:@{nixpack:env.PORT}' },
      environment: { PATH: SEARCH_PATH },
    },
    client: {
      command: [
        '/bin/sh',
        '-c',
        'trap \'redis-cli -p "$PORT" set last word; exit\' TERM; until redis-cli -p "$PORT" ping | grep PONG; do :; done; while :; do sleep 1000 & wait $!; done',
      ],
      environment: { PORT: '@{nixpack:env.PORT}', PATH: SEARCH_PATH },
      dependsOn: { redis: 'ready' },
    },
  },
}

let runtime: Runtime | undefined
afterEach(async () => {
  await runtime?.dispose()
  runtime = undefined
})

const findFreePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('unreachable: a TCP server has a port')
  return address.port
}

const ask = async (port: number, command: string): Promise<string> => {
  const socket = connect(port, '127.0.0.1')
  socket.end(`${command}\r\n`)
  const answer = (await socket.setEncoding('utf8').toArray()).join('')
  // It listens before it has read its data back.
  return answer.startsWith('-LOADING') ? ask(port, command) : answer
}

test('a real redis: ready before its client, stopped after it, data on disk', async () => {
  const port = await findFreePort()
  runtime = createRuntime(MANIFEST)
  const up = runtime.start([], { PORT: String(port) })
  await up.sees(/client \| PONG/)
  up.child.kill('SIGTERM')
  const { status, stdout } = await up.finished
  expect(status).toBe(0)
  expect(stdout).toMatch(/client \| OK[^]*redis {2}\| .*ready to exit/)
  const again = runtime.start([], { PORT: String(port) })
  await again.sees(/client \| PONG/)
  expect(await ask(port, 'GET last')).toBe('$4\r\nword\r\n')
})

test('kill -9 of redis: it is back at once, with its data, and its client is left alone', async () => {
  const port = await findFreePort()
  runtime = createRuntime(MANIFEST)
  const up = runtime.start([], { PORT: String(port) })
  await up.sees(/client \| PONG/)
  expect(await ask(port, 'SET key value')).toBe('+OK\r\n')
  const [, pid] = await up.sees(/redis ready after \d+ ms \(pid (\d+)\)/)
  process.kill(Number(pid), 'SIGKILL')
  await up.sees(/redis was killed by SIGKILL, starting again[^]*redis ready after/)
  expect(await ask(port, 'GET key')).toBe('$5\r\nvalue\r\n')
  expect(up.text().match(/client ready/g)).toHaveLength(1)
})

test.each(['with space', `quote"'s`, 'line\nbreak', '-dash', 'back\\slash $HOME #x', 'ünï'])('a data directory named %j works', async (name) => {
  const port = await findFreePort()
  runtime = createRuntime(MANIFEST)
  const up = runtime.start([], { PORT: String(port), DEMO_DATA_DIR: name })
  await up.sees(/client \| PONG/)
  expect(existsSync(join(runtime.dir, name, 'appendonlydir')) || existsSync(join(runtime.dir, name, 'demo.data'))).toBe(true)
})

test('all problems of the environment are named, and nothing is started or made', async () => {
  runtime = createRuntime(MANIFEST)
  writeFileSync(join(runtime.dir, 'file'), '')
  const { status, stdout, stderr } = await runtime.run([], { PORT: 'nonsense', DEMO_DATA_DIR: 'file/sub' })
  expect(status).toBe(125)
  expect(stdout).toBe('')
  expect(stderr).toContain('PORT: expected a port from 1 to 65535, or auto, got "nonsense"')
  expect(stderr).toContain(`DEMO_DATA_DIR: expected a writable directory, got ${JSON.stringify(join(runtime.dir, 'file/sub'))}`)
  expect(stderr).toContain('[NIXPACK_ENV_INVALID]')
  expect(existsSync(runtime.runDir)).toBe(false)
})
