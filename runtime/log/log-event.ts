// What passes between those who read processes and those who show, keep or forward their lines.

import type { LogSpec } from '../contract/process-spec.ts'

export type LogStream = 'out' | 'err'

/** One stream of one instance; the same object for all of its runs. */
export type LogSource = {
  readonly process: string
  readonly index: number
  /** NAME, or NAME:INDEX where there may be several. */
  readonly label: string
  readonly stream: LogStream
  /** Whether it waits for readers that are slow, or loses lines. */
  readonly onSlow: SlowPolicy
}

/** Whole lines of one source, in the order of their arrival. */
export type LogEvent = LogSource & {
  /** Of the event among those of all sources, from 1 and without gaps. */
  readonly sequence: number
  /** Of the first line among those of its source, from 1. A gap is what was skipped. */
  readonly firstLine: number
  readonly lineCount: number
  readonly timeMs: number
  readonly pid: number | undefined
  /** Each line ends with a line feed. Borrowed: only valid during the call that hands it over. */
  readonly bytes: Buffer
}

export type SlowPolicy = LogSpec['onSlow']

/** Of all instances of a process since the bundle started. */
export type LogCounters = {
  readonly lines: number
  readonly bytes: number
  /** Lines that were cut because they are above the cap, or went on after they had been shown unfinished. */
  readonly truncated: number
  readonly dropped: number
}

/** Labels or process names; undefined: all. */
export type LogSelection = { readonly names: ReadonlySet<string> | undefined }
