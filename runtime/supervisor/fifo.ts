// The read ends of a child's stdout and stderr. They are FIFOs for a moment, because a program must be able to open
// /dev/stdout again, which fails on the socket pairs that Node makes; nameless as soon as both ends are open.

import { constants, openSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import type { LogStream } from '../log/ring.ts'

export type Pipes = Readonly<Record<LogStream, Socket>>

/** Called when the shim holds the other ends open. */
export const openFifos = (fifoDir: string): Pipes => {
  const out = openReader(`${fifoDir}/out`)
  const err = openReader(`${fifoDir}/err`)
  rmSync(fifoDir, { recursive: true, force: true })
  return { out, err }
}

const openReader = (fifoPath: string): Socket =>
  new Socket({ fd: openSync(fifoPath, constants.O_RDONLY | constants.O_NONBLOCK), readable: true, writable: false })
