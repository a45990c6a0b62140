// A program whose stdout and stderr are FIFOs, as the spawner makes them, and whatever a stream set needs to read them.
import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs'
import type { StreamTarget } from '../../runtime/contract/process-spec.ts'
import { createLinePrinter } from '../../runtime/log/line-printer.ts'
import { createLogFiles } from '../../runtime/log/log-files.ts'
import type { LogFilesOptions } from '../../runtime/log/log-files.ts'
import { createLogHub } from '../../runtime/log/log-hub.ts'
import { createOutput } from '../../runtime/log/output.ts'
import { createStreamSet } from '../../runtime/supervisor/stream-set.ts'
import type { RunLog, StreamedRun } from '../../runtime/supervisor/stream-set.ts'

export const LOG_TARGET: StreamTarget = { kind: 'log' }

export const fileTarget = (path: string, options: Partial<Extract<StreamTarget, { kind: 'file' }>> = {}): StreamTarget => ({
  kind: 'file',
  path,
  belowDir: undefined,
  maxBytes: undefined,
  backupCount: 0,
  rotation: undefined,
  timeFormat: undefined,
  utc: true,
  ...options,
})

export type Program = { readonly child: ChildProcess; readonly log: RunLog; readonly exited: Promise<unknown> }

export const createStreams = (options: Partial<LogFilesOptions> = {}) => {
  const dir = mkdtempSync('/tmp/nixpack-test-')
  const notices: string[] = []
  const report = { info: (text: string) => void notices.push(text), warn: (text: string) => void notices.push(text) }
  const printed: Buffer[] = []
  const output = createOutput({ sink: { write: (bytes, done) => (printed.push(bytes), setImmediate(done)), close: () => undefined } })
  const hub = createLogHub()
  const files = createLogFiles({ report, ...options })
  const printer = createLinePrinter({ output, format: 'text', labels: [], colour: false, timestamps: false, isTerminal: false })
  const streams = createStreamSet({ hub, files, printer })
  const children = new Set<ChildProcess>()
  let runs = 0
  const run = (command: readonly string[], parts: Partial<StreamedRun> = {}): Program => {
    const pipes = createPipes(dir, (runs += 1))
    const [program = '', ...words] = command
    const child = spawn(program, words, { stdio: ['ignore', pipes.writers.out, pipes.writers.err] })
    children.add(child)
    for (const fd of Object.values(pipes.writers)) closeSync(fd)
    const log = streams.add({
      process: 'a',
      index: 1,
      label: 'a',
      spec: { lineMaxBytes: 65_536, partialTimeoutMs: 2000, ansi: 'keep', onSlow: 'drop' },
      pipes: pipes.readers,
      stdout: LOG_TARGET,
      stderr: LOG_TARGET,
      ...parts,
    })
    log.begin(child.pid)
    const exited = once(child, 'exit').then(() => children.delete(child))
    return { child, log, exited }
  }
  return {
    dir,
    hub,
    files,
    streams,
    notices,
    run,
    printed: () => Buffer.concat(printed).toString(),
    async dispose() {
      for (const child of children) child.kill('SIGKILL')
      await streams.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

const createPipes = (dir: string, run: number) => {
  const paths = { out: `${dir}/out.${run}`, err: `${dir}/err.${run}` }
  execFileSync('mkfifo', Object.values(paths))
  const openBoth = (flags: number) => ({ out: openSync(paths.out, flags), err: openSync(paths.err, flags) })
  const readers = openBoth(constants.O_RDONLY | constants.O_NONBLOCK)
  const writers = openBoth(constants.O_WRONLY)
  for (const path of Object.values(paths)) rmSync(path)
  return { readers, writers }
}
