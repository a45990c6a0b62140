// The supervisor's own words, on stderr. Besides the log output, the only writer.

import type { Output } from './output.ts'

export type Report = {
  info(message: string): void
  warn(message: string): void
}

export const createReport = (output: Output, program: string): Report => {
  const say = (message: string): void => output.write(Buffer.from(`${program}: ${message}\n`), 1)
  return { info: say, warn: (message) => say(`warning: ${message}`) }
}
