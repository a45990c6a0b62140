// Where all lines of all processes meet: kept in a ring for `logs`, written to stdout, handed to subscribers.
// A subscriber is called synchronously and must not block; it looks after its own limits.

import type { LineBatch } from './line-assembler.ts'
import { createRing } from './ring.ts'
import type { LogStream, RingEntry } from './ring.ts'

export type LogEvent = { readonly process: string } & RingEntry

export type LogHub = {
  publish(process: string, stream: LogStream, lines: LineBatch): void
  /** Of the latest event; they are numbered through. */
  readonly sequence: number
  subscribe(listener: (event: LogEvent) => void): () => void
  /** The latest lines of these processes in the order of their arrival. */
  recent(processes: readonly string[]): readonly LogEvent[]
}

export type LogHubOptions = {
  readonly processes: readonly string[]
  readonly write: (process: string, lines: LineBatch) => void
  readonly ringBytes?: number
}

export const createLogHub = ({ processes, write, ringBytes = 262_144 }: LogHubOptions): LogHub => {
  const rings = new Map(processes.map((name) => [name, createRing(ringBytes)]))
  const listeners = new Set<(event: LogEvent) => void>()
  let sequence = 0
  return {
    publish(process, stream, lines) {
      sequence += 1
      rings.get(process)?.push(stream, lines, sequence)
      write(process, lines)
      for (const listener of listeners) listener({ process, stream, bytes: lines.bytes, sequence })
    },
    get sequence() {
      return sequence
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    recent: (names) =>
      names
        .flatMap((process) => (rings.get(process)?.entries() ?? []).map((entry) => ({ process, ...entry })))
        .sort((left, right) => left.sequence - right.sequence),
  }
}

export const decodeLines = (bytes: Buffer): readonly string[] => bytes.toString('utf8', 0, bytes.length - 1).split('\n')
