// The lines of all processes that have no file of their own, on our stdout.

import type { LogSpec } from '../contract/process-spec.ts'
import { removesAnsi, stripAnsi } from './ansi.ts'
import type { Destination } from './destination.ts'
import { renderJsonLines } from './json-lines.ts'
import type { Output } from './output.ts'
import type { LogEvent } from './log-event.ts'
import { createPrefixer } from './prefix.ts'

export type LogFormat = 'text' | 'json'

export type LinePrinter = {
  open(options: PrinterTerms): Destination
  /** Of all instances that there may be: the width of the column. */
  setLabels(labels: readonly string[]): void
}

export type PrinterTerms = Pick<LogSpec, 'ansi' | 'onSlow'> & { readonly dropped: (lines: number) => void }

export type PrinterOptions = {
  readonly output: Output
  readonly format: LogFormat
  readonly labels: readonly string[]
  readonly colour: boolean
  readonly timestamps: boolean
  /** False: lines as the processes wrote them. */
  readonly prefix?: boolean
  readonly isTerminal: boolean
}

export const createLinePrinter = ({ output, format, isTerminal, ...style }: PrinterOptions): LinePrinter => {
  const prefixer = createPrefixer(style)
  const render = (event: LogEvent): Buffer => (format === 'json' ? Buffer.from(renderJsonLines(event)) : prefixer.prefix(event))
  return {
    open({ ansi, onSlow, dropped }) {
      const terms = { onSlow, dropped }
      const isPlain = removesAnsi(ansi, isTerminal && format === 'text')
      return {
        write(event) {
          const plain = isPlain ? { ...event, bytes: stripAnsi(event.bytes) } : event
          output.write(render(plain), event.lineCount, terms)
        },
        isFull: () => output.isFull(onSlow),
        whenRoom: output.whenRoom,
        close: () => undefined,
      }
    },
    setLabels: prefixer.setLabels,
  }
}
