// What others do to log files at the worst moment, disks that are full, clocks that are set.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { StreamTarget } from '../../runtime/contract/process-spec.ts'
import type { LogEvent } from '../../runtime/log/log-event.ts'
import { createLogFileHandle } from '../../runtime/log/log-file-handle.ts'
import { createLogFiles } from '../../runtime/log/log-files.ts'
import { fileTarget } from '../helpers/piped-program.ts'

type FileTarget = Extract<StreamTarget, { kind: 'file' }>

let dir = ''
beforeEach(() => {
  dir = mkdtempSync('/tmp/nixpack-test-')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const fileSpec = (options: Partial<FileTarget> = {}): FileTarget => {
  const target = fileTarget(join(dir, 'log'), options)
  if (target.kind !== 'file') throw new Error('unreachable: it is a file')
  return target
}

const START_MS = Date.UTC(2026, 10, 21, 12)

const openLog = (options: Partial<FileTarget> = {}, stallMs = 10_000) => {
  const clock = { nowMs: START_MS }
  const notices: string[] = []
  const say = (text: string): void => void notices.push(text)
  const files = createLogFiles({ report: { info: say, warn: say }, nowMs: () => clock.nowMs, stallMs })
  let dropped = 0
  const log = files.open(fileSpec(options), { ansi: 'keep', onSlow: 'drop', dropped: (lines) => (dropped += lines) })
  const write = (text: string): void => log.write(eventOf(text))
  return { clock, notices, files, log, write, dropped: () => dropped }
}

const eventOf = (text: string): LogEvent => ({
  process: 'a',
  index: 1,
  label: 'a',
  stream: 'out',
  onSlow: 'drop',
  sequence: 1,
  firstLine: 1,
  lineCount: 1,
  timeMs: START_MS,
  pid: 7,
  bytes: Buffer.from(text),
})

const textOf = (name: string): string => readFileSync(join(dir, name), 'utf8')

test('a clock that is set back does not prolong an outage', async () => {
  mkdirSync(join(dir, 'log'))
  const { clock, files, write, dropped } = openLog()
  write('lost\n')
  await files.flush()
  rmSync(join(dir, 'log'), { recursive: true })
  clock.nowMs -= 3_600_000
  write('here\n')
  await files.flush()
  expect([textOf('log'), dropped()]).toEqual(['here\n', 1])
})

test('a clock that is set back begins a period of its own', async () => {
  const { clock, files, write } = openLog({ rotation: { when: 'H', interval: 1, utc: true } })
  write('of the future\n')
  await files.flush()
  clock.nowMs -= 10 * 86_400_000
  write('set back\n')
  await files.flush()
  clock.nowMs += 3_600_000
  write('an hour later\n')
  await files.flush()
  expect([textOf('log'), textOf('log.2026111112')]).toEqual(['an hour later\n', 'of the future\nset back\n'])
})

test('whoever asks for it to be opened need not wait for the next try', async () => {
  mkdirSync(join(dir, 'log'))
  const { files, write } = openLog()
  write('lost\n')
  await files.flush()
  rmSync(join(dir, 'log'), { recursive: true })
  files.reopen()
  await files.flush()
  write('here\n')
  await files.flush()
  expect(textOf('log')).toBe('here\n')
})

test('it is opened anew also for who asks while it is being opened', async () => {
  const handle = createLogFileHandle({ spec: fileSpec(), report: { info: () => undefined, warn: () => undefined }, nowMs: () => START_MS })
  const opening = handle.prepare()
  // Nothing that the system does is known to be done before all of these.
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
  handle.expire()
  await opening
  renameSync(join(dir, 'log'), join(dir, 'log.1'))
  await handle.prepare()
  expect(existsSync(join(dir, 'log'))).toBe(true)
  await handle.close()
})

test('what somebody else has rotated just before is not rotated again', async () => {
  const { files, write, notices } = openLog({ maxBytes: 10, backupCount: 1 })
  write('ours ours\n')
  await files.flush()
  renameSync(join(dir, 'log'), join(dir, 'log.1'))
  writeFileSync(join(dir, 'log'), 'new\n')
  write('more\n')
  await files.flush()
  expect([textOf('log.1'), textOf('log')]).toEqual(['ours ours\n', 'new\nmore\n'])
  renameSync(join(dir, 'log'), join(dir, 'log.1'))
  write('again\n')
  await files.flush()
  expect([textOf('log'), notices]).toEqual(['again\n', []])
})

test('a file that has its name again after all is not opened for ever, it grows', async () => {
  const notices: string[] = []
  const say = (text: string): void => void notices.push(text)
  const handle = createLogFileHandle({ spec: fileSpec({ maxBytes: 10, backupCount: 1 }), report: { info: say, warn: say }, nowMs: () => START_MS })
  writeFileSync(join(dir, 'log'), 'ours ours\n')
  const line = Buffer.from('more\n')
  await handle.prepare()
  renameSync(join(dir, 'log'), join(dir, 'elsewhere'))
  expect(await handle.resolveEnd(line, 0)).toBe(0)
  renameSync(join(dir, 'elsewhere'), join(dir, 'log'))
  await handle.prepare()
  expect(await handle.resolveEnd(line, 0)).toBe(line.length)
  expect(notices).toEqual([`cannot rotate log "${dir}/log": the file system does not say which file has its name; it grows`])
  await handle.close()
})

test('somebody else who rotates at the same time is no reason to grow', async () => {
  const { files, write, notices } = openLog({ maxBytes: 100, backupCount: 1000 })
  for (let line = 1000; line < 1300; line += 1) write(`${line} ${'x'.repeat(94)}\n`)
  const written = new AbortController()
  void files.flush().then(() => written.abort())
  // At every step of a rotation, sooner or later.
  for (let at = 0; !written.signal.aborted; at += 1) {
    if (at % 17 === 0) rename('log', `theirs.${at}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const lines = readdirSync(dir).flatMap((name) => textOf(name).split('\n').slice(0, -1))
  expect(lines.map((line) => Number(line.slice(0, 4))).toSorted((left, right) => left - right)).toEqual(Array.from({ length: 300 }, (_, at) => at + 1000))
  expect(notices).toEqual([])
})

const rename = (from: string, to: string): void => {
  try {
    renameSync(join(dir, from), join(dir, to))
  } catch {
    // It has just been renamed by the other one.
  }
}

test('a backup that cannot be removed is told, and neither keeps the others nor stops the rotation', async () => {
  mkdirSync(join(dir, 'log.20260102'))
  for (const day of ['20260101', '20260103']) writeFileSync(join(dir, `log.${day}`), '')
  const { clock, files, write, notices } = openLog({ backupCount: 1, rotation: { when: 'midnight', interval: 1, utc: true } })
  write('one\n')
  await files.flush()
  clock.nowMs += 86_400_000
  write('two\n')
  await files.flush()
  expect(readdirSync(dir).toSorted()).toEqual(['log', 'log.20260102', 'log.20261121'])
  expect([textOf('log.20261121'), textOf('log')]).toEqual(['one\n', 'two\n'])
  expect(notices).toEqual([
    expect.stringMatching(/^cannot remove old backups of log ".*log": EISDIR.* \(move away the directory that has the name of a backup\)$/),
  ])
})

test('many backups take their time, and a file that is being written is not taken for one that is stuck', async () => {
  for (let number = 1; number < 150; number += 1) writeFileSync(join(dir, `log.${number}`), '')
  // What is written in one piece takes seconds, one backup of it milliseconds.
  const { files, log, write, dropped } = openLog({ maxBytes: 3000, backupCount: 150 }, 1000)
  let asked = 0
  const fill = (): void => {
    for (; asked < 800 && !log.isFull(); asked += 1) write(`${'x'.repeat(2998)}\n`)
    if (asked < 800) log.whenRoom(fill)
  }
  fill()
  await files.flush()
  expect(dropped()).toBe(0)
}, 60_000)
