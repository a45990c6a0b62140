// What a user of a running bundle sees of its lines: our stdout, log files, `logs`, and the counters in `status`.
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bundleStatusSchema } from '../../runtime/contract/control.ts'
import type { ProcessCounters } from '../../runtime/contract/control.ts'
import { createRuntime } from '../helpers/start-runtime.ts'
import type { Runtime } from '../helpers/start-runtime.ts'

let runtime: Runtime | undefined
let dir = ''
beforeEach(() => {
  dir = mkdtempSync('/tmp/nixpack-test-')
})
afterEach(async () => {
  await runtime?.dispose()
  runtime = undefined
  rmSync(dir, { recursive: true, force: true })
})

const create = (processes: Readonly<Record<string, unknown>>): Runtime => {
  runtime = createRuntime({ processes })
  return runtime
}

const countersOf = async ({ run }: Runtime, name: string): Promise<Partial<ProcessCounters>> => {
  const { processes } = bundleStatusSchema.parse(JSON.parse((await run(['status', '--json'])).stdout))
  return processes.find((process) => process.name === name)?.counters ?? {}
}

const numbers = (last: number): string => Array.from({ length: last }, (_, at) => `${at + 1}\n`).join('')

test('a file gets its lines and our stdout does not; it is rotated without a loss', async () => {
  const path = join(dir, 'log')
  const { status, stdout } = await create({ a: { command: ['/usr/bin/seq', '1', '100000'], stdout: { file: path, maxBytes: '50KB', backupCount: 100 } } }).run(
    [],
  )
  expect([status, stdout]).toEqual([0, ''])
  const backups = Array.from({ length: 100 }, (_, at) => `${path}.${100 - at}`).filter((name) => existsSync(name))
  expect(backups.length).toBeGreaterThan(9)
  expect([...backups, path].map((name) => readFileSync(name, 'utf8')).join('') === numbers(100_000)).toBe(true)
})

test('SIGUSR1 opens files anew, and every line has time and pid when that is declared', async () => {
  const path = join(dir, 'log')
  const command = ['/bin/sh', '-c', `echo one; while [ ! -e ${dir}/go ]; do sleep 0.01; done; echo two; exec sleep 1000`]
  const up = create({ a: { command, stdout: { file: path, timeFormat: '%Y', utc: true } } }).start()
  await seesFile(path, /^20\d\d \[\d+\] \| one\n$/)
  renameSync(path, `${path}.old`)
  up.child.kill('SIGUSR1')
  await seesFile(path, /^$/)
  writeFileSync(join(dir, 'go'), '')
  await seesFile(path, /^20\d\d \[\d+\] \| two\n$/)
  expect(readFileSync(`${path}.old`, 'utf8')).toMatch(/^20\d\d \[\d+\] \| one\n$/)
})

test('JSON lines on request', async () => {
  const { stdout } = await create({ a: { command: ['/bin/sh', '-c', String.raw`printf '\033[31mred\033[0m\n"b"\n'`] } }).run(['up', '--log-format', 'json'])
  const lines = stdout
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
  const common = { time: expect.stringMatching(/^20.*Z$/), process: 'a', index: 1, pid: expect.any(Number), stream: 'out' }
  expect(lines).toEqual([
    { ...common, line: 'red', seq: 1 },
    { ...common, line: '"b"', seq: 2 },
  ])
})

test('a failure is told with the last lines of the process, also of those that went to a file', async () => {
  const command = ['/bin/sh', '-c', 'seq 1 100; echo "no such table" >&2; exit 3']
  const { stderr } = await create({ a: { command, restart: 'on-failure', restartBurst: 1, stderr: { file: join(dir, 'log') } } }).run([])
  expect(stderr).toMatch(/\| 100\n/)
  expect(stderr).toMatch(/\| no such table/)
  expect(stderr).not.toMatch(/\| 50\n/)
})

/** Writes much, and says on stderr, which has a file of its own, when it is through. */
const floods = (onSlow: 'drop' | 'block') => ({
  command: ['/bin/sh', '-c', 'seq 1 3000000; echo through >&2; exec sleep 1000'],
  stderr: { file: join(dir, 'through') },
  log: { onSlow },
})

test('when nobody reads our stdout any more, lines are dropped and counted, and the process goes on', async () => {
  const bundle = create({ a: floods('drop') })
  const up = bundle.start()
  await up.sees(/a \| 1\n/)
  up.child.stdout?.pause()
  try {
    await seesFile(join(dir, 'through'), /through/)
    const { lines, linesDropped } = await countersOf(bundle, 'a')
    expect(lines).toBe(3_000_001)
    expect(linesDropped).toBeGreaterThan(1_000_000)
  } finally {
    up.child.stdout?.resume()
  }
})

test('where the policy is to block, the process waits for who reads our stdout, and every line arrives', async () => {
  const bundle = create({ a: floods('block') })
  const up = bundle.start()
  await up.sees(/a \| 1\n/)
  up.child.stdout?.pause()
  // Longer than the grace after which lines would be dropped.
  await setTimeout(1500)
  const early = readFileSync(join(dir, 'through'), 'utf8')
  up.child.stdout?.resume()
  expect(early).toBe('')
  await seesFile(join(dir, 'through'), /through/)
  expect(await countersOf(bundle, 'a')).toMatchObject({ lines: 3_000_001, linesDropped: 0 })
  up.child.kill('SIGTERM')
  const { stdout } = await up.finished
  expect(stdout.replaceAll('a | ', '') === numbers(3_000_000)).toBe(true)
})

/** Blocked by who does not read, it ends on SIGTERM when it is let go. */
const blocked = () => {
  const script = 'trap "echo through >&2; exit 0" TERM; while :; do echo "one of many lines that nobody reads"; done'
  return { ...floods('block'), command: ['/bin/sh', '-c', script], gracefulTimeout: '60s' }
}

test('a stop does not wait for a reader of our stdout that has stopped, and neither does the process that waited for it', async () => {
  const bundle = create({ a: blocked() })
  const up = bundle.start()
  await up.sees(/a \| one of many/)
  up.child.stdout?.pause()
  await standsStill(() => countersOf(bundle, 'a'))
  try {
    // Less than the stop may take on its own: the waits are one.
    expect(await bundle.run(['down', '--timeout', '6s'])).toMatchObject({ status: 0, stderr: '' })
    expect(readFileSync(join(dir, 'through'), 'utf8')).toBe('through\n')
  } finally {
    up.child.stdout?.resume()
  }
  expect((await up.finished).stderr).toContain('a stopped, exited with status 0')
}, 60_000)

test('neither does a bundle that ends by itself', async () => {
  const script = `while [ ! -e ${dir}/end ]; do sleep 0.05; done`
  const bundle = create({ a: { ...blocked(), essential: false }, b: { command: ['/bin/sh', '-c', script] } })
  const up = bundle.start()
  await up.sees(/a \| one of many/)
  up.child.stdout?.pause()
  await standsStill(() => countersOf(bundle, 'a'))
  writeFileSync(join(dir, 'end'), '')
  try {
    await seesFile(join(dir, 'through'), /through/)
  } finally {
    up.child.stdout?.resume()
  }
  expect((await up.finished).status).toBe(0)
}, 60_000)

test('a client of logs that does not read holds up nobody, and is told what it has missed', async () => {
  const command = ['/bin/sh', '-c', `echo begin; while [ ! -e ${dir}/go ]; do sleep 0.01; done; seq -f %01000g 1 30000; echo through >&2; exec sleep 1000`]
  const bundle = create({ a: { command, stderr: { file: join(dir, 'through') } } })
  await bundle.start().sees(/a ready/)
  const client = bundle.start(['logs', '-f'])
  await client.sees(/a \| begin\n/)
  client.child.kill('SIGSTOP')
  writeFileSync(join(dir, 'go'), '')
  await seesFile(join(dir, 'through'), /through/)
  expect(await countersOf(bundle, 'a')).toMatchObject({ lines: 30_002, linesDropped: 0 })
  client.child.kill('SIGCONT')
  await client.sees(/lines were skipped/)
})

/** Twice the same answer, with longer in between than a stall may last unnoticed. */
const standsStill = async (look: () => Promise<unknown>): Promise<void> => {
  for (let before: unknown, now: unknown = await look(); JSON.stringify(now) !== JSON.stringify(before);) {
    before = now
    await setTimeout(1500)
    now = await look()
  }
}

const seesFile = async (path: string, pattern: RegExp): Promise<void> => {
  const deadline = Date.now() + 30_000
  while (Date.now() < deadline) {
    if (existsSync(path) && pattern.test(readFileSync(path, 'utf8'))) return
    await setTimeout(10)
  }
  throw new Error(`"${path}" never had ${String(pattern)}`)
}
