// Our two output streams and what they are connected to.

import { isatty } from 'node:tty'
import { createOutput } from './output.ts'
import type { Output } from './output.ts'
import { createSink } from './sink.ts'

export type StandardOutputs = { readonly stdout: Output; readonly stderr: Output; readonly isTerminal: boolean }

export const createStandardOutputs = (): StandardOutputs => ({
  stdout: createOutput({ sink: createSink(1) }),
  stderr: createOutput({ sink: createSink(2) }),
  isTerminal: isatty(1),
})
