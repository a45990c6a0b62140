// Where pipes are read into: one piece of memory for all, because what was read is dealt with before the next read.
// A silent bundle needs little; from the first large read on it is larger, and its lines are counted where they are.

import { resolveCountingMemory } from './line-counter.ts'

/** In front of what is read there is room for the beginning of its first line. */
export const HEADROOM_BYTES = 65_536

let memory: Buffer | undefined

/** For the next read. Reads that are prepared go on into what they were given. */
export const resolveReadBuffer = (): Buffer => {
  memory ??= Buffer.allocUnsafeSlow(HEADROOM_BYTES + FIRST_READ_BYTES)
  return memory.subarray(HEADROOM_BYTES)
}

/** After a read of so many bytes. */
export const fitReadBuffer = (readBytes: number): void => {
  if (readBytes < FIRST_READ_BYTES || memory === undefined || memory.length > HEADROOM_BYTES + FIRST_READ_BYTES) return
  memory = resolveCountingMemory() ?? Buffer.allocUnsafeSlow(HEADROOM_BYTES + READ_BYTES)
}

const FIRST_READ_BYTES = 65_536
const READ_BYTES = 262_144
