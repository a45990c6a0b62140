// What measures the recovery for bench/ tells why it could not.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { askRedisBack } from '../../bench/supervision/recovery.ts'
import { buildProgram } from '../helpers/c-program.ts'

const dir = mkdtempSync(join(tmpdir(), 'nixpack-test-'))
let program = ''
beforeAll(() => {
  program = buildProgram(join(import.meta.dirname, '../../bench/supervision/redis-back.c'), dir)
})
afterAll(() => rmSync(dir, { recursive: true }))

test('nobody there: the step and the reason', async () => {
  const path = join(dir, 'none')
  await expect(askRedisBack(program, [path])).rejects.toThrow(
    `redis-back ended with 1: redis-back: cannot ask who is behind "${path}": connect: No such file or directory`,
  )
})

test('an answer that is none is shown', async () => {
  const path = join(dir, 'other')
  const server = createServer((socket) => socket.end('-ERR no\r\n')).listen(path)
  await once(server, 'listening')
  await expect(askRedisBack(program, [path])).rejects.toThrow(`"${path}": it answered "-ERR no`)
  server.close()
})
