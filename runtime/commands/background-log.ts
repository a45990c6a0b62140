// The log of a bundle in the background, as the output that the foreground would write to. It keeps the latest of what
// was said until it is told to forget, for somebody who waits.

import { createLogFile } from '../log/log-file.ts'
import type { Output } from '../log/output.ts'
import { createReport } from '../log/report.ts'

export type BackgroundLog = {
  readonly output: Output
  recent(): Buffer
  forget(): void
  readonly reopen: () => void
}

export const createBackgroundLog = (path: string): BackgroundLog => {
  let kept: Buffer[] | undefined = []
  let keptBytes = 0
  let linesDropped = 0
  // It has no other place to complain about itself.
  const nowhere = createReport(NO_OUTPUT, '')
  const spec = { path, belowDir: undefined, maxBytes: FILE_MAX_BYTES, backupCount: BACKUPS, rotation: undefined, timeFormat: undefined, utc: false }
  const file = createLogFile({ spec, report: nowhere, nowMs: Date.now, stallMs: STALL_MS })
  file.hold(spec)
  const keep = (bytes: Buffer): void => {
    if (kept === undefined) return
    kept.push(Buffer.from(bytes))
    keptBytes += bytes.length
    while (keptBytes > KEPT_MAX_BYTES && kept.length > 1) keptBytes -= kept.shift()?.length ?? 0
  }
  const output: Output = {
    write(bytes, _lineCount, terms) {
      keep(bytes)
      file.push(bytes, terms?.onSlow ?? 'drop', (lines) => {
        linesDropped += lines
        terms?.dropped(lines)
      })
    },
    isFull: (onSlow) => file.isFull(onSlow),
    whenRoom: file.whenRoom,
    isBroken: false,
    get linesDropped() {
      return linesDropped
    },
    flush: (timeoutMs) => Promise.race([file.flush(), new Promise<void>((resolve) => setTimeout(resolve, timeoutMs).unref())]),
    // A file is no reader.
    hurry: () => undefined,
    close: () => file.release(),
  }
  return {
    output,
    recent: () => Buffer.concat(kept ?? []),
    forget: () => (kept = undefined),
    reopen: () => file.reopen(),
  }
}

const NO_OUTPUT: Output = {
  write: () => undefined,
  isFull: () => false,
  whenRoom: () => undefined,
  isBroken: true,
  linesDropped: 0,
  flush: () => Promise.resolve(),
  hurry: () => undefined,
  close: () => undefined,
}

const FILE_MAX_BYTES = 67_108_864
const BACKUPS = 5
const STALL_MS = 1000
const KEPT_MAX_BYTES = 65_536
