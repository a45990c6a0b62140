// Who cannot or does not want to speak disturbs nobody else.
import { execFileSync } from 'node:child_process'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { ROUTES } from '../../runtime/contract/control-routes.ts'
import { callControl } from '../../runtime/control/client.ts'
import { AMOUNTS, LONG_MS } from './amounts.ts'
import { createBundle } from './bundle.ts'
import { holdingsOf, pidsOf } from './processes.ts'
import { programPath, sharedDir } from './setup.ts'

const WIDTH = 80
const LINES = 200_000

const GARBAGE: readonly (Buffer | string)[] = [
  'GET /v1/status HTTP/1.1\r\n',
  'POST /v1/stop HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n{"processes":["steady"',
  'GET /v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n',
  'POST /v1/stop HTTP/1.1\r\nHost: x\r\nContent-Length: 17\r\n\r\n{"processes":[1]}',
  `GET /${'a'.repeat(100_000)} HTTP/1.1\r\n\r\n`,
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '',
  randomBytes(4096),
]

test(`${AMOUNTS.clients} clients that send half a request, nonsense or nothing disturb nobody`, { timeout: LONG_MS }, async () => {
  const logPath = join(sharedDir(), 'noise.log')
  await using bundle = await createBundle({
    processes: {
      steady: { command: [programPath('arrives'), '/dev/null'], restart: 'always' },
      lines: { command: [programPath('lines'), String(LINES), String(WIDTH), 'lines'], oneshot: true, autostart: false, stdout: { file: logPath } },
    },
  })
  const run = bundle.start()
  const status = () => callControl(bundle.control, ROUTES.status, {})
  await run.until('it answers', () =>
    status().then(
      () => true,
      () => false,
    ),
  )
  const before = holdingsOf(run.pidOf('supervisor')).descriptors
  const [steady] = pidsOf(programPath('arrives'))
  const socketPath = bundle.control.paths[0]?.controlSocketPath ?? ''
  const clients = Array.from({ length: AMOUNTS.clients }, (_, number) => annoy(socketPath, GARBAGE[number % GARBAGE.length] ?? ''))
  // Meanwhile everything works: commands, processes, logs.
  await callControl(bundle.control, ROUTES.start, { processes: ['lines'] })
  const { processes } = await status()
  expect(processes.find(({ name }) => name === 'steady')?.state).toBe('ready')
  await run.until('all lines are written', async () => (await status()).processes.some(({ name, state }) => name === 'lines' && state === 'completed'))
  expect(execFileSync(programPath('check-lines'), [String(WIDTH), logPath], { encoding: 'utf8' }).trim()).toBe(`${LINES} 0 0`)
  await run.until('the descriptors are as before', () => holdingsOf(run.pidOf('supervisor')).descriptors <= before, 60_000)
  for (const client of clients) client.destroy()
  expect(pidsOf(programPath('arrives'))).toEqual([steady])
  run.signal('SIGTERM')
  expect(await run.ended).toBe(0)
})

/** It reads nothing and never closes. */
const annoy = (socketPath: string, words: Buffer | string): Socket => {
  const socket = connect(socketPath)
  socket.on('error', () => {})
  socket.pause()
  if (words.length > 0) socket.write(words)
  return socket
}
