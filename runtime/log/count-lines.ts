// How many lines there are in a buffer of whole lines. What lies in the memory of line-counter.ts is counted by it.

import { countInMemory } from './line-counter.ts'

export const LINE_FEED = 0x0a

export const countLines = (bytes: Buffer): number => countInMemory(bytes) ?? countByOne(bytes)

export const countByOne = (bytes: Buffer): number => {
  let count = 0
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) count += 1
  return count
}
