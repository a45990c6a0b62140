import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { createRuntime } from '../helpers/start-runtime.ts'
import type { Runtime } from '../helpers/start-runtime.ts'

const WRITER = join(import.meta.dirname, '../programs/writes-lines.ts')
const LINES = 100_000

let runtime: Runtime | undefined
afterEach(async () => {
  await runtime?.dispose()
  runtime = undefined
})

const numbersOf = (text: string, fd: 1 | 2): readonly number[] =>
  [...text.matchAll(new RegExp(`^writer \\| ${fd} (\\d+)$`, 'gm'))].map(([, number]) => Number(number))

const inOrder = Array.from({ length: LINES }, (_, index) => index)

test('every line of a fast writer arrives, once, in order, and its last words too', async () => {
  runtime = createRuntime({ processes: { writer: { command: [process.execPath, WRITER, String(LINES)] } } })
  const { status, stdout } = await runtime.run([])
  expect(status).toBe(0)
  expect(numbersOf(stdout, 1)).toEqual(inOrder)
  expect(numbersOf(stdout, 2)).toEqual(inOrder)
  expect(stdout.match(/last words/g)).toHaveLength(1)
})

test('a reader that pauses for less than the grace loses nothing', async () => {
  runtime = createRuntime({ processes: { writer: { command: [process.execPath, WRITER, String(LINES)] } } })
  const up = runtime.start()
  await up.sees(/writer \| 1 0\n/)
  up.child.stdout?.pause()
  setTimeout(() => up.child.stdout?.resume(), 300)
  const { stdout } = await up.finished
  expect(numbersOf(stdout, 1)).toEqual(inOrder)
  expect(numbersOf(stdout, 2)).toEqual(inOrder)
})

test('a reader that goes away does not end the processes', async () => {
  const script = 'i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; exec sleep 1000'
  runtime = createRuntime({ processes: { writer: { command: ['/bin/sh', '-c', script] } } })
  const up = runtime.start()
  await up.sees(/line 1\n/)
  up.child.stdout?.destroy()
  const { stdout } = await runtime.run(['status', '--json'])
  expect(JSON.parse(stdout)).toMatchObject({ processes: [{ name: 'writer', state: 'ready', restarts: 0 }] })
  up.child.kill('SIGTERM')
  await once(up.child, 'exit')
  expect(up.child.exitCode).toBe(0)
})

test('a prompt without a line feed is shown after a while', async () => {
  runtime = createRuntime({ processes: { asks: { command: ['/bin/sh', '-c', 'printf "name? "; exec sleep 1000'] } } })
  const shown = await runtime.start().sees(/asks \| name\? \n/)
  expect(shown.index).toBe(0)
})

test('colours are for terminals, or on request', async () => {
  runtime = createRuntime({ processes: { a: { command: ['/bin/echo', 'x'] } } })
  expect((await runtime.run([])).stdout).toBe('a | x\n')
  expect((await runtime.run([], { FORCE_COLOR: '1' })).stdout).toBe('\u001b[36ma |\u001b[0m x\n')
})
