// When to leave a pipe alone for a moment: who writes without end is read in few large pieces instead of many small
// ones, which costs less. Pure.

export type ReadPace = {
  /** After each read: whether the next one should wait for REST_MS. */
  readonly needsRest: (readBytes: number, bufferBytes: number) => boolean
}

/** Within that time a pipe of 1 MiB does not fill up. */
export const REST_MS = 1

export const createReadPace = (): ReadPace => {
  let hasRested = false
  let sinceRestBytes = 0
  let readsLeft = 0
  return {
    needsRest(readBytes, bufferBytes) {
      sinceRestBytes += readBytes
      // There is more.
      if (readBytes === bufferBytes) return false
      readsLeft = hasRested && isSmallPipe(sinceRestBytes) ? READS_WITHOUT_REST : Math.max(0, readsLeft - 1)
      hasRested = readBytes >= SMALL_PIPE_BYTES && readsLeft === 0
      sinceRestBytes = 0
      return hasRested
    },
  }
}

/** What such a pipe holds is read at once anyway, and its writer would wait for us. */
const SMALL_PIPE_BYTES = 65_536
const READS_WITHOUT_REST = 128

const isSmallPipe = (sizeBytes: number): boolean => sizeBytes > SMALL_PIPE_BYTES / 2 && sizeBytes <= SMALL_PIPE_BYTES
