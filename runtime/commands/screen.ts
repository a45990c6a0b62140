// The terminal as a page that is drawn again and again, until somebody presses q. However it ends, the terminal is as
// it was before. Keys come as bytes: while it is drawn, Ctrl-C is one of them.

import { constants } from 'node:os'
import { isatty, ReadStream, WriteStream } from 'node:tty'
import type { CommandContext } from './context.ts'
import { fitPage } from './page.ts'

export type Screen = {
  draw(lines: readonly string[]): void
  /** The exit status, when it is to end: 0 after q, 128+n after a signal. */
  readonly ended: Promise<number>
  /** Whatever is said next appears on the page that was there before. */
  close(): Promise<void>
}

export const openScreen = ({ stdout }: Pick<CommandContext, 'stdout'>): Screen => {
  const ended = Promise.withResolvers<number>()
  const size = new WriteStream(1)
  const keys = isatty(0) ? new ReadStream(0) : undefined
  const print = (text: string): void => stdout.write(Buffer.from(text), 0)
  let shown: readonly string[] = []
  const draw = (lines: readonly string[]): void => {
    shown = lines
    if (stdout.isBroken) return ended.resolve(0)
    const [columns, rows] = size.getWindowSize()
    const page = fitPage(lines, { columns, rows })
    print(`${HOME}${page.map((line) => line + CLEAR_LINE).join('\r\n')}${CLEAR_REST}`)
  }
  const listeners: ReadonlyMap<NodeJS.Signals, () => void> = new Map([
    ...ENDING.map((signal) => [signal, () => ended.resolve(128 + constants.signals[signal])] as const),
    ['SIGWINCH', () => draw(shown)],
  ])
  for (const [signal, listener] of listeners) process.on(signal, listener)
  keys?.setRawMode(true).on('data', (bytes: Buffer) => {
    if (bytes.includes('q') || bytes.includes('Q')) ended.resolve(0)
    else if (bytes.includes(CTRL_C)) ended.resolve(128 + constants.signals.SIGINT)
  })
  // The terminal is gone.
  for (const what of ['end', 'error']) keys?.on(what, () => ended.resolve(128 + constants.signals.SIGHUP))
  // For the one that only tells the size, too: without a listener its end would be an exception.
  size.on('error', () => undefined)
  print(OPEN)
  return {
    draw,
    ended: ended.promise,
    close() {
      for (const [signal, listener] of listeners) process.off(signal, listener)
      keys?.setRawMode(false).destroy()
      print(CLOSE)
      return stdout.flush(CLOSE_MS)
    },
  }
}

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const
const CTRL_C = 0x03
/** For a terminal that is stopped. */
const CLOSE_MS = 500

/** The other page of the terminal, without cursor and without wrapped lines; as xterm(1) has it, and everybody after it. */
const OPEN = '\u001b[?1049h\u001b[?25l\u001b[?7l'
const CLOSE = '\u001b[?7h\u001b[?25h\u001b[?1049l'
const HOME = '\u001b[H'
/** What is overwritten and only then cleared does not flicker. */
const CLEAR_LINE = '\u001b[K'
const CLEAR_REST = '\u001b[J'
