// The queue before a sink. A reader that is slow but alive slows the writers down and loses nothing; one that has
// stopped reading must not stop the services: after a grace everything above the limit is dropped and counted,
// unless its writer is to wait, and has the time.

import { countLines, LINE_FEED } from './count-lines.ts'
import type { SlowPolicy } from './log-event.ts'
import { createWaiters } from './room.ts'
import type { Sink } from './sink.ts'

export type Output = {
  write(bytes: Buffer, lineCount: number, terms?: OutputTerms): void
  /** True while producers of this kind should pause. */
  isFull(onSlow: SlowPolicy): boolean
  /** Called once, when it may be worth to ask again. */
  readonly whenRoom: (wake: () => void) => void
  /** Nobody reads, for good. */
  readonly isBroken: boolean
  /** Lines that nobody could be given. */
  readonly linesDropped: number
  /** Resolves when everything is written, nobody reads any more, or the deadline is over. */
  flush(timeoutMs: number): Promise<void>
  /** The end is wanted: from now on nobody waits for a reader that has stopped reading, and for how long it has counts. */
  readonly hurry: () => void
  close(): void
}

export type OutputTerms = { readonly onSlow: SlowPolicy; readonly dropped: (lines: number) => void }

export type OutputOptions = {
  readonly sink: Sink
  readonly limitBytes?: number
  readonly stallMs?: number
}

type Queued = { readonly bytes: Buffer; readonly lineCount: number; readonly terms: OutputTerms }

export const createOutput = (options: OutputOptions): Output => {
  const { sink, limitBytes = 4_194_304, stallMs = 1000 } = options
  const waiters = createWaiters()
  let queue: Queued[] = []
  let queuedBytes = 0
  let isWriting = false
  let isBroken = false
  let isTorn = false
  let isCongested = false
  let isStalled = false
  let isHurried = false
  let writingSinceMs = 0
  let linesDropped = 0
  let stallTimer: NodeJS.Timeout | undefined
  let idleWaiters: (() => void)[] = []

  const drop = ({ lineCount, terms }: Pick<Queued, 'lineCount' | 'terms'>): void => {
    linesDropped += lineCount
    terms.dropped(lineCount)
  }
  const dropBehind = (batch: readonly Queued[], writtenBytes: number): void => {
    let left = writtenBytes
    for (const { bytes, lineCount, terms } of batch) {
      if (left < bytes.length) drop({ lineCount: lineCount - countLines(bytes.subarray(0, Math.max(0, left))), terms })
      left -= bytes.length
    }
  }
  const onStall = (): void => {
    isStalled = true
    waiters.wake()
  }
  const settle = (): void => {
    clearTimeout(stallTimer)
    isStalled = false
    if (isBroken || queuedBytes <= limitBytes / 2) {
      isCongested = false
      waiters.wake()
    }
    if (queue.length > 0) writeNext()
    else for (const wake of idleWaiters.splice(0)) wake()
  }
  const breakOff = (): void => {
    isBroken = true
    for (const entry of queue) drop(entry)
    queue = []
    queuedBytes = 0
  }
  const writeNext = (): void => {
    const batch = queue.splice(0, batchLength(queue))
    isWriting = true
    writingSinceMs = performance.now()
    stallTimer = setTimeout(onStall, stallMs)
    stallTimer.unref()
    const head = isTorn ? LINE_END : NOTHING
    const written = Buffer.concat([head, ...batch.map(({ bytes }) => bytes)])
    sink.write(written, (error, writtenBytes = 0) => {
      isWriting = false
      queuedBytes -= written.length - head.length
      if (error !== undefined) dropBehind(batch, writtenBytes - head.length)
      isTorn = error !== undefined && (writtenBytes === 0 ? isTorn : written[writtenBytes - 1] !== LINE_FEED)
      if (error !== undefined && !hasRoomLater(error)) breakOff()
      settle()
    })
  }
  const mayWait = (onSlow: SlowPolicy): boolean => !isStalled || (onSlow === 'block' && !isHurried)
  return {
    write(bytes, lineCount, terms = NO_TERMS) {
      const isLost = isBroken || (!mayWait(terms.onSlow) && queuedBytes + bytes.length > limitBytes)
      if (isLost) return drop({ lineCount, terms })
      queue.push({ bytes, lineCount, terms })
      queuedBytes += bytes.length
      if (queuedBytes > limitBytes) isCongested = true
      if (!isWriting) writeNext()
    },
    isFull: (onSlow) => isCongested && mayWait(onSlow),
    whenRoom: waiters.add,
    get isBroken() {
      return isBroken
    },
    get linesDropped() {
      return linesDropped
    },
    flush: (timeoutMs) =>
      new Promise((resolve) => {
        if (!isWriting && queue.length === 0) return resolve()
        const waitedMs = isHurried ? performance.now() - writingSinceMs : 0
        const timer = setTimeout(resolve, Math.max(0, timeoutMs - waitedMs))
        idleWaiters = [...idleWaiters, () => (clearTimeout(timer), resolve())]
      }),
    hurry() {
      isHurried = true
      waiters.wake()
    },
    close: () => sink.close(),
  }
}

const NOTHING = Buffer.alloc(0)
/** After a line of which only a part could be written. */
const LINE_END = Buffer.from('\n')

const NO_TERMS: OutputTerms = { onSlow: 'drop', dropped: () => undefined }

/** A full disk or quota is somebody's to clean up; every other error is for good. */
const hasRoomLater = (error: Error): boolean => 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')

/** Small writes, so that a slow reader's progress can be told from a stall. */
const BATCH_BYTES = 65_536

const batchLength = (queue: readonly Queued[]): number => {
  let sizeBytes = 0
  const last = queue.findIndex(({ bytes }) => (sizeBytes += bytes.length) >= BATCH_BYTES)
  return last < 0 ? queue.length : last + 1
}
