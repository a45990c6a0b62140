// Real pipes of real programs, read to their very end.
import { execFileSync } from 'node:child_process'
import { closeSync, constants, existsSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { LogHub } from '../../runtime/log/log-hub.ts'
import { decodeLines } from '../../runtime/log/log-hub.ts'
import { createStreams, fileTarget } from '../helpers/piped-program.ts'

let disposable: { dispose: () => Promise<void> } | undefined
afterEach(async () => {
  await disposable?.dispose()
  disposable = undefined
})

const open = (...options: Parameters<typeof createStreams>) => {
  const streams = createStreams(...options)
  disposable = streams
  return streams
}

const hasLine = (bytes: Buffer, pattern: RegExp): boolean => decodeLines(bytes).some((line) => pattern.test(line))

/** Resolves when the hub has seen such a line. */
const sees = (hub: LogHub, pattern: RegExp): Promise<void> =>
  new Promise((resolve) => {
    if (hub.recent({ names: undefined }).some(({ bytes }) => hasLine(bytes, pattern))) return resolve()
    const cancel = hub.subscribe({ names: undefined }, ({ bytes }) => {
      if (!hasLine(bytes, pattern)) return
      cancel()
      resolve()
    })
  })

const numbers = (last: number): string => Array.from({ length: last }, (_, at) => `${at + 1}\n`).join('')

test('everything that was written arrives, of both streams, with last words that have no line feed', async () => {
  const { dir, run, streams, hub } = open()
  const paths = { out: join(dir, 'o'), err: join(dir, 'e') }
  run(['sh', '-c', 'seq 1 200000; seq 1 100000 >&2; printf "last words" >&2; printf bye'], { stdout: fileTarget(paths.out), stderr: fileTarget(paths.err) })
  await streams.drain(60_000)
  expect(readFileSync(paths.out, 'utf8') === `${numbers(200_000)}bye\n`).toBe(true)
  expect(readFileSync(paths.err, 'utf8') === `${numbers(100_000)}last words\n`).toBe(true)
  expect(hub.counters('a')).toMatchObject({ lines: 300_002, dropped: 0, truncated: 0 })
})

test('lines beyond all buffers arrive whole when large reads become usual', async () => {
  const { dir, run, streams, hub } = open()
  const path = join(dir, 'log')
  // 30 MB in lines of 1 to 300 bytes.
  run([process.execPath, '-e', WRITES_MUCH], { stdout: fileTarget(path) })
  await streams.drain(60_000)
  const lines = readFileSync(path, 'latin1').split('\n')
  expect(lines).toHaveLength(200_001)
  expect(lines.findIndex((line, at) => at < 200_000 && line !== `${at}${'x'.repeat(at % 300)}`)).toBe(-1)
  expect(hub.counters('a')).toMatchObject({ lines: 200_000, truncated: 0 })
})

const WRITES_MUCH = `
  const fs = require('node:fs')
  for (let at = 0; at < 200_000; at += 5000) {
    let rest = Buffer.from(Array.from({ length: 5000 }, (_, next) => (at + next) + 'x'.repeat((at + next) % 300) + '\\n').join(''))
    while (rest.length > 0) rest = rest.subarray(fs.writeSync(1, rest))
  }`

test('the last words of many short lives are all heard', async () => {
  const { run, streams, hub } = open()
  const words: string[] = []
  hub.subscribe({ names: undefined }, ({ bytes }) => words.push(...decodeLines(bytes)))
  const lives = Array.from({ length: 120 }, (_, at) => at)
  for (let first = 0; first < lives.length; first += 30) {
    const programs = lives.slice(first, first + 30).map((at) => run(['sh', '-c', `printf %s ${at}; kill -9 $$`]))
    await Promise.all(programs.map(({ exited }) => exited))
    await Promise.all(programs.map(({ log }) => log.drain(10_000)))
  }
  expect(words.map(Number).toSorted((left, right) => left - right)).toEqual(lives)
  await streams.drain(10_000)
})

test('a grandchild that holds the pipe delays nobody, and its words count, too', async () => {
  const { dir, run, hub } = open()
  const go = join(dir, 'go')
  const { log, exited } = run(['sh', '-c', `(until [ -e ${go} ]; do sleep 0.01; done; echo later) & printf "last words"`])
  await exited
  await log.drain(50)
  expect(hub.lastLines('a', 5)).toEqual(['last words'])
  writeFileSync(go, '')
  await sees(hub, /^later$/)
})

test('a prompt is shown without its line feed after a while', async () => {
  const { run, hub } = open()
  const spec = { lineMaxBytes: 100, partialTimeoutMs: 20, ansi: 'keep', onSlow: 'drop' } as const
  run(['sh', '-c', 'printf "name? "; exec sleep 1000'], { spec })
  await sees(hub, /^name\? $/)
  expect(hub.counters('a')).toMatchObject({ lines: 1, truncated: 0 })
})

test('nothing is timed while nobody says anything', async () => {
  const timers = timeouts()
  const { dir, run, hub, files } = open()
  run(['sh', '-c', 'echo here; exec sleep 1000'], { stdout: fileTarget(join(dir, 'log')) })
  await sees(hub, /here/)
  await files.flush()
  expect(timeouts().length).toBeLessThanOrEqual(timers.length)
})

const timeouts = (): readonly string[] => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout')

const openHeldFifo = (path: string): number => {
  execFileSync('mkfifo', [path])
  return openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
}

test('a process waits for its own file and for no other; after a grace its lines are dropped and counted', async () => {
  const { dir, run, streams, hub } = open({ stallMs: 50 })
  const held = openHeldFifo(join(dir, 'held'))
  const slow = run(['seq', '1', '1000000'], { stdout: fileTarget(join(dir, 'held')) })
  const quick = run(['seq', '1', '100000'], { process: 'b', label: 'b', stdout: fileTarget(join(dir, 'quick')) })
  await Promise.all([slow.exited, quick.exited])
  await quick.log.drain(60_000)
  await slow.log.drain(60_000)
  expect(hub.counters('b')).toMatchObject({ lines: 100_000, dropped: 0 })
  expect(hub.counters('a').lines).toBe(1_000_000)
  expect(hub.counters('a').dropped).toBeGreaterThan(500_000)
  await drainFifo(held, streams.drain(60_000))
})

test('a file that takes something now and then, and then nothing, holds up nobody for longer than the grace', async () => {
  const { dir, run, streams, hub } = open({ stallMs: 50 })
  const held = openHeldFifo(join(dir, 'held'))
  const { exited } = run(['seq', '1', '1000000'], { stdout: fileTarget(join(dir, 'held')) })
  await sees(hub, /^150000$/)
  const buffer = Buffer.alloc(65_536)
  for (let taken = 0; taken < 100_000; taken += readSome(held, buffer)) await new Promise((resolve) => setImmediate(resolve))
  await exited
  await drainFifo(held, streams.drain(100))
  expect(hub.counters('a').lines).toBe(1_000_000)
})

const readSome = (fd: number, buffer: Buffer): number => {
  try {
    return readSync(fd, buffer)
  } catch {
    // EAGAIN: empty for now.
    return 0
  }
}

test('where the policy is to block, the process waits as long as it takes, and nothing is lost', async () => {
  const { dir, run, streams, hub } = open({ stallMs: 10 })
  const held = openHeldFifo(join(dir, 'held'))
  const spec = { lineMaxBytes: 65_536, partialTimeoutMs: 2000, ansi: 'keep', onSlow: 'block' } as const
  const { child, exited } = run(['seq', '1', '1000000'], { spec, stdout: fileTarget(join(dir, 'held')) })
  const quick = run(['sh', '-c', 'sleep 0.2'], { process: 'b', label: 'b' })
  await quick.exited
  expect(child.exitCode).toBeNull()
  const text = await drainFifo(held, Promise.all([exited, streams.drain(60_000)]))
  expect(text === numbers(1_000_000)).toBe(true)
  expect(hub.counters('a')).toMatchObject({ lines: 1_000_000, dropped: 0 })
})

test('the end waits for whoever still has something to say and for a disk that is slow, not for who holds a pipe in silence', async () => {
  const { dir, run, streams, hub } = open()
  const held = openHeldFifo(join(dir, 'held'))
  run(['sh', '-c', 'seq 1 400000; exec sleep 1000'], { stdout: fileTarget(join(dir, 'held')) })
  await sees(hub, /^100000$/)
  const drained = streams.drain(20)
  await new Promise((resolve) => setTimeout(resolve, 200))
  const text = await drainFifo(held, drained)
  expect(text === numbers(400_000)).toBe(true)
})

/** Reads until everything is settled; returns what came. */
const drainFifo = async (fd: number, settled: Promise<unknown>): Promise<string> => {
  const chunks: Buffer[] = []
  const buffer = Buffer.alloc(1_048_576)
  const readAll = (): void => {
    for (;;) {
      try {
        chunks.push(Buffer.from(buffer.subarray(0, readSync(fd, buffer))))
      } catch {
        // EAGAIN: empty for now.
        return
      }
    }
  }
  const timer = setInterval(readAll, 1)
  await settled
  clearInterval(timer)
  readAll()
  closeSync(fd)
  return Buffer.concat(chunks).toString('latin1')
}

test('lines of our stdout have their prefix, and those of a file are not there', async () => {
  const { dir, run, streams, printed } = open()
  run(['sh', '-c', 'echo one; echo two >&2'], { stderr: fileTarget(join(dir, 'log')) })
  await streams.drain(60_000)
  expect(printed()).toBe('a | one\n')
  expect(existsSync(join(dir, 'log'))).toBe(true)
})
