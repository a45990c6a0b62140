// Log files on a real disk: rotation, what others do to them, and what happens when they cannot be written.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
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

const sequence = (last: number, first = 1): string => Array.from({ length: last - first + 1 }, (_, at) => `${first + at}\n`).join('')

/** Oldest first. */
const readBackups = (path: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${path}.${count - at}`)
    .filter((name) => existsSync(name))
    .concat(path)
    .map((name) => readFileSync(name, 'utf8'))

const openPaths = (): readonly string[] =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)]
    } catch {
      return []
    }
  })

test('a fast writer is rotated on line ends, before the size is exceeded, and nothing is lost', async () => {
  const { dir, run, streams, hub } = open()
  const path = join(dir, 'log')
  run(['seq', '1', '400000'], { stdout: fileTarget(path, { maxBytes: 50_000, backupCount: 1000 }) })
  await streams.drain(60_000)
  const files = readBackups(path, 1000)
  expect(files.length).toBeGreaterThan(50)
  expect(files.every((text) => text.length <= 50_000 && text.endsWith('\n'))).toBe(true)
  expect(files.join('') === sequence(400_000)).toBe(true)
  expect(hub.counters('a')).toMatchObject({ lines: 400_000, truncated: 0, dropped: 0 })
})

test('as many backups are kept as were asked for: the latest', async () => {
  const { dir, run, streams } = open()
  const path = join(dir, 'log')
  run(['seq', '1', '2000'], { stdout: fileTarget(path, { maxBytes: 1000, backupCount: 2 }) })
  await streams.drain(60_000)
  const kept = readBackups(path, 2)
  expect(kept).toHaveLength(3)
  expect(existsSync(`${path}.3`)).toBe(false)
  expect(sequence(2000).endsWith(kept.join(''))).toBe(true)
})

test('without backups nothing is rotated by size, because that would throw lines away', async () => {
  const { dir, run, streams } = open()
  const path = join(dir, 'log')
  run(['seq', '1', '2000'], { stdout: fileTarget(path, { maxBytes: 1000 }) })
  await streams.drain(60_000)
  expect(readFileSync(path, 'utf8')).toBe(sequence(2000))
})

test('a line that is larger than the file may be has a file of its own', async () => {
  const { dir, run, streams } = open()
  const path = join(dir, 'log')
  run(['sh', '-c', 'echo a; printf %050d\\\\n 0; echo b'], { stdout: fileTarget(path, { maxBytes: 10, backupCount: 5 }) })
  await streams.drain(60_000)
  expect(readBackups(path, 5)).toEqual(['a\n', `${'0'.repeat(50)}\n`, 'b\n'])
})

test('what was there stays, and counts', async () => {
  const { dir, run, streams } = open()
  const path = join(dir, 'log')
  writeFileSync(path, 'before\n')
  run(['echo', 'after'], { stdout: fileTarget(path, { maxBytes: 10, backupCount: 1 }) })
  await streams.drain(60_000)
  expect(readBackups(path, 1)).toEqual(['before\n', 'after\n'])
})

test('two processes and both of their streams share one writer, and no line of theirs is torn', async () => {
  const { dir, run, streams } = open()
  const target = fileTarget(join(dir, 'log'), { maxBytes: 100_000, backupCount: 100 })
  const script = 'seq 1 20000 | sed "s/^/$0 out /"; seq 1 20000 | sed "s/^/$0 err /" >&2'
  for (const label of ['a', 'b']) run(['sh', '-c', script, label], { process: label, label, stdout: target, stderr: target })
  await streams.drain(60_000)
  const lines = readBackups(join(dir, 'log'), 100).join('').split('\n')
  for (const [label, stream] of [
    ['a', 'out'],
    ['a', 'err'],
    ['b', 'out'],
    ['b', 'err'],
  ]) {
    const prefix = `${label} ${stream} `
    expect(lines.flatMap((line) => (line.startsWith(prefix) ? [Number(line.slice(prefix.length))] : []))).toEqual(
      Array.from({ length: 20_000 }, (_, at) => at + 1),
    )
  }
  expect(lines).toHaveLength(80_001)
})

test('by time, backups have the name of their period, and the oldest are removed', async () => {
  const clock = { nowMs: Date.UTC(2026, 10, 21, 23, 59, 58) }
  const { dir, run, streams } = open({ nowMs: () => clock.nowMs })
  const path = join(dir, 'log')
  writeFileSync(`${path}.20261121`, 'in the way\n')
  const target = fileTarget(path, { backupCount: 2, rotation: { when: 'midnight', interval: 1, utc: true } })
  for (const word of ['saturday', 'sunday', 'monday', 'tuesday']) {
    run(['echo', word], { stdout: target })
    await streams.drain(60_000)
    utimesSync(path, clock.nowMs / 1000, clock.nowMs / 1000)
    clock.nowMs += 86_400_000
  }
  const backups = readdirSync(dir).filter((name) => name.startsWith('log.'))
  expect(backups).toEqual(['log.20261122', 'log.20261123'])
  expect(readFileSync(path, 'utf8')).toBe('tuesday\n')
})

test('a second backup of one period gets a number', async () => {
  const clock = { nowMs: Date.UTC(2026, 10, 21, 23, 59, 58) }
  const { dir, run, streams } = open({ nowMs: () => clock.nowMs })
  const path = join(dir, 'log')
  writeFileSync(`${path}.20261121`, 'in the way\n')
  const target = fileTarget(path, { rotation: { when: 'midnight', interval: 1, utc: true } })
  for (const word of ['one', 'two']) {
    run(['echo', word], { stdout: target })
    await streams.drain(60_000)
    utimesSync(path, clock.nowMs / 1000, clock.nowMs / 1000)
    clock.nowMs += 86_400_000
  }
  expect(readFileSync(`${path}.20261121`, 'utf8')).toBe('in the way\n')
  expect(readFileSync(`${path}.20261121.1`, 'utf8')).toBe('one\n')
})

test('after somebody has renamed the file, lines go to a new one; told so, at once', async () => {
  const { dir, run, streams, files, hub } = open({ nowMs: createTicking(20) })
  const path = join(dir, 'log')
  const waits = ['sh', '-c', 'echo one; until [ -e "$0.go" ]; do sleep 0.01; done; echo two; until [ -e "$0.end" ]; do sleep 0.01; done', path]
  const { log } = run(waits, { stdout: fileTarget(path) })
  await seesLines(hub, 1)
  await files.flush()
  renameSync(path, `${path}.1`)
  writeFileSync(`${path}.go`, '')
  await seesLines(hub, 2)
  await files.flush()
  expect([readFileSync(`${path}.1`, 'utf8'), readFileSync(path, 'utf8')]).toEqual(['one\n', 'two\n'])
  renameSync(path, `${path}.2`)
  files.reopen()
  await files.flush()
  expect(statSync(path).size).toBe(0)
  writeFileSync(`${path}.end`, '')
  await log.drain(60_000)
  await streams.drain(60_000)
})

test('a file is closed when its last writer has stopped, and opened again at the next start', async () => {
  const { dir, run, streams } = open()
  const path = join(dir, 'log')
  for (const word of ['one', 'two']) {
    run(['echo', word], { stdout: fileTarget(path) })
    await streams.drain(60_000)
    expect(openPaths()).not.toContain(path)
    renameSync(path, `${path}.${word}`)
  }
  expect(readFileSync(`${path}.two`, 'utf8')).toBe('two\n')
})

test('it is there from the start, for its owner and group only', async () => {
  const { dir, run, files } = open()
  const path = join(dir, 'log')
  run(['sleep', '1000'], { stdout: fileTarget(path) })
  await files.flush()
  expect(statSync(path).mode & 0o7777).toBe(0o640 & ~process.umask())
})

test('time and pid stand before every line, as circus has it', async () => {
  const { dir, run, streams } = open()
  const path = join(dir, 'log')
  const { child } = run(['printf', 'a\nb\nc'], { stdout: fileTarget(path, { timeFormat: '%Y' }) })
  await streams.drain(60_000)
  const head = `${new Date().getUTCFullYear()} [${child.pid}] | `
  expect(readFileSync(path, 'utf8')).toBe(`${head}a\n${head}b\n${head}c\n`)
})

test('a directory that is missing costs lines, counted and told once, until it is there', async () => {
  const { dir, run, streams, hub, notices } = open({ nowMs: createTicking(400) })
  const path = join(dir, 'missing/log')
  run(['seq', '1', '1000'], { stdout: fileTarget(path) })
  await streams.drain(60_000)
  expect(hub.counters('a')).toMatchObject({ lines: 1000, dropped: 1000 })
  mkdirSync(join(dir, 'missing'))
  run(['echo', 'here'], { stdout: fileTarget(path) })
  await streams.drain(60_000)
  expect(readFileSync(path, 'utf8')).toBe('here\n')
  expect(notices).toEqual([
    expect.stringMatching(/^cannot write log ".*": ENOENT.*\(make its directory\)$/),
    expect.stringMatching(/is written again; 1000 lines were lost$/),
  ])
})

test('directories below our own are made, and no link in between is followed', async () => {
  const { dir, run, streams, hub, notices } = open()
  mkdirSync(join(dir, 'elsewhere'))
  mkdirSync(join(dir, 'logs'))
  symlinkSync(join(dir, 'elsewhere'), join(dir, 'logs/link'))
  run(['echo', 'here'], { stdout: fileTarget(join(dir, 'logs/x/y/z.log'), { belowDir: join(dir, 'logs') }) })
  run(['echo', 'b'], { process: 'b', label: 'b', stdout: fileTarget(join(dir, 'logs/link/z.log'), { belowDir: join(dir, 'logs') }) })
  await streams.drain(60_000)
  expect(readFileSync(join(dir, 'logs/x/y/z.log'), 'utf8')).toBe('here\n')
  expect(statSync(join(dir, 'logs/x')).mode & 0o777).toBe(0o700)
  expect([readdirSync(join(dir, 'elsewhere')), hub.counters('b').dropped]).toEqual([[], 1])
  expect(notices).toEqual([expect.stringContaining('its directory must be one, and no symbolic link')])
})

test('a disk without room stops nobody', async () => {
  const { run, streams, hub, notices } = open()
  run(['seq', '1', '500000'], { stdout: fileTarget('/dev/full') })
  run(['echo', 'another'], { process: 'b', label: 'b' })
  await streams.drain(60_000)
  expect(hub.counters('a')).toMatchObject({ lines: 500_000, dropped: 500_000 })
  expect(hub.counters('b')).toMatchObject({ lines: 1, dropped: 0 })
  expect(notices).toEqual([expect.stringContaining('ENOSPC')])
})

test('a line of which only a part could be written is taken back', () => {
  const { dir } = open()
  const path = join(dir, 'log')
  const program = `
    import { openSync } from 'node:fs'
    import { appendLines } from '${join(import.meta.dirname, '../../runtime/log/append-lines.ts')}'
    const lines = Buffer.from('0123456\\n'.repeat(126) + '0123456789\\n'.repeat(10))
    const { sizeBytes, error } = await appendLines(openSync('${path}', 'a'), lines)
    console.log(sizeBytes, error.code)`
  // The limit is in blocks of 512 bytes or of 1024, as the shell has it.
  const { stdout } = spawnSync('bash', ['-c', 'trap "" XFSZ; ulimit -f 1; exec "$0" --input-type=module -e "$1"', process.execPath, program], {
    encoding: 'utf8',
  })
  expect(stdout).toBe('1019 EFBIG\n')
  expect(readFileSync(path, 'utf8')).toBe('0123456\n'.repeat(126) + '0123456789\n')
})

test('a symbolic link is not followed, and a FIFO is not waited for', async () => {
  const { dir, run, streams, hub, notices } = open()
  symlinkSync(join(dir, 'elsewhere'), join(dir, 'link'))
  execFileSync('mkfifo', [join(dir, 'fifo')])
  run(['echo', 'a'], { stdout: fileTarget(join(dir, 'link')) })
  run(['echo', 'b'], { process: 'b', label: 'b', stdout: fileTarget(join(dir, 'fifo')) })
  await streams.drain(60_000)
  expect(existsSync(join(dir, 'elsewhere'))).toBe(false)
  expect([hub.counters('a').dropped, hub.counters('b').dropped]).toEqual([1, 1])
  expect(notices.toSorted()).toEqual([
    expect.stringMatching(/ENXIO.* \(let somebody read this FIFO, or name a file if it is a socket\)$/),
    expect.stringContaining('ELOOP'),
  ])
})

test('where no backup can be made the file grows, and nothing is lost', async () => {
  const { dir, run, streams, notices } = open()
  const path = join(dir, 'log')
  mkdirSync(`${path}.1/not empty`, { recursive: true })
  run(['seq', '1', '5000'], { stdout: fileTarget(path, { maxBytes: 1000, backupCount: 1 }) })
  await streams.drain(60_000)
  expect(readFileSync(path, 'utf8')).toBe(sequence(5000))
  expect(notices).toEqual([expect.stringMatching(/^cannot rotate log ".*": EISDIR.*; it grows \(move away the directory that has the name of a backup\)$/)])
  rmSync(`${path}.1`, { recursive: true })
})

/** A clock that is later by so much each time it is asked. */
const createTicking = (stepMs: number): (() => number) => {
  let nowMs = Date.UTC(2026, 10, 21)
  return () => (nowMs += stepMs)
}

const seesLines = (hub: ReturnType<typeof createStreams>['hub'], count: number): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (hub.counters('a').lines < count) return
      cancel()
      // The file gets the lines after the hub.
      setImmediate(resolve)
    }
    const cancel = hub.subscribe({ names: undefined }, () => queueMicrotask(look))
    look()
  })
