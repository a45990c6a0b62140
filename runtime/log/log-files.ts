// All log files: one writer per path, however many processes and streams write to it.

import { resolve } from 'node:path'
import type { LogFileSpec, LogSpec } from '../contract/process-spec.ts'
import { removesAnsi, stripAnsi } from './ansi.ts'
import type { Destination } from './destination.ts'
import type { LogEvent } from './log-event.ts'
import { createLogFile } from './log-file.ts'
import type { LogFile } from './log-file.ts'
import { prependLines } from './prefix.ts'
import type { Report } from './report.ts'
import { renderTime } from './strftime.ts'

export type LogFiles = {
  /** The file is open as long as one of its destinations is. */
  open(spec: LogFileSpec, terms: LogFileTerms): Destination
  /** After somebody has renamed them. */
  readonly reopen: () => void
  /** Resolves when everything is written. */
  readonly flush: () => Promise<void>
}

export type LogFileTerms = Pick<LogSpec, 'ansi' | 'onSlow'> & { readonly dropped: (lines: number) => void }

export type LogFilesOptions = { readonly report: Report; readonly nowMs?: () => number; readonly stallMs?: number }

export const createLogFiles = ({ report, nowMs = Date.now, stallMs = STALL_MS }: LogFilesOptions): LogFiles => {
  const files = new Map<string, LogFile>()
  const resolveFile = (spec: LogFileSpec): LogFile => {
    for (const [path, file] of files) if (file.isUnused) files.delete(path)
    const path = resolve(spec.path)
    const file = files.get(path) ?? createLogFile({ spec, report, nowMs, stallMs })
    files.set(path, file)
    return file
  }
  return {
    open(spec, { ansi, onSlow, dropped }) {
      const file = resolveFile(spec)
      const isPlain = removesAnsi(ansi, false)
      let isOpen = true
      file.hold(spec)
      return {
        write(event) {
          const bytes = isPlain ? stripAnsi(event.bytes) : event.bytes
          file.push(spec.timeFormat === undefined ? bytes : prependLines(bytes, renderHead(spec.timeFormat, spec.utc, event)), onSlow, dropped)
        },
        isFull: () => file.isFull(onSlow),
        whenRoom: file.whenRoom,
        close() {
          if (isOpen) file.release()
          isOpen = false
        },
      }
    },
    reopen() {
      for (const file of files.values()) if (!file.isUnused) file.reopen()
    },
    async flush() {
      await Promise.all([...files.values()].map((file) => file.flush()))
    },
  }
}

/** A disk may be slow; one that takes nothing for so long holds up nobody who may lose lines. */
const STALL_MS = 10_000

/** As circus has it. */
const renderHead = (format: string, utc: boolean, { timeMs, pid }: LogEvent): string => `${renderTime(format, timeMs, utc)} [${pid ?? '-'}] | `
