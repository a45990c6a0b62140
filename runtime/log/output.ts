// The queue before a sink. A reader that is slow but alive slows the writers down and loses nothing; one that
// has stopped reading must not stop the services: after a grace everything above the limit is dropped and counted.

import type { Sink } from './sink.ts'

export type Output = {
  write(bytes: Buffer, lineCount: number): void
  /** True while producers should pause reading. */
  readonly isCongested: boolean
  /** Called when congestion begins and when it ends. */
  onCongestion(listener: (isCongested: boolean) => void): void
  /** Nobody reads, for good. */
  readonly isBroken: boolean
  /** Lines that nobody could be given. */
  readonly linesDropped: number
  /** Resolves when everything is written, nobody reads any more, or the deadline is over. */
  flush(timeoutMs: number): Promise<void>
  close(): void
}

export type OutputOptions = {
  readonly sink: Sink
  readonly limitBytes?: number
  readonly stallMs?: number
}

type Queued = { readonly bytes: Buffer; readonly lineCount: number }

export const createOutput = (options: OutputOptions): Output => {
  const { sink, limitBytes = 4_194_304, stallMs = 1000 } = options
  let queue: Queued[] = []
  let queuedBytes = 0
  let isWriting = false
  let isBroken = false
  let onCongestion = ignoreCongestion
  let isCongested = false
  let isStalled = false
  let linesDropped = 0
  let stallTimer: NodeJS.Timeout | undefined
  let idleWaiters: (() => void)[] = []

  const setCongested = (now: boolean): void => {
    if (now === isCongested) return
    isCongested = now
    onCongestion(now)
  }
  const onStall = (): void => {
    isStalled = true
    setCongested(false)
  }
  const settle = (): void => {
    clearTimeout(stallTimer)
    isStalled = false
    if (queuedBytes <= limitBytes / 2) setCongested(false)
    if (queue.length > 0) writeNext()
    else for (const wake of idleWaiters.splice(0)) wake()
  }
  const breakOff = (inFlight: number): void => {
    isBroken = true
    linesDropped += inFlight + queue.reduce((sum, { lineCount }) => sum + lineCount, 0)
    queue = []
    queuedBytes = 0
  }
  const writeNext = (): void => {
    const batch = queue.splice(0, batchLength(queue))
    const lineCount = batch.reduce((sum, entry) => sum + entry.lineCount, 0)
    isWriting = true
    stallTimer = setTimeout(onStall, stallMs)
    stallTimer.unref()
    const written = Buffer.concat(batch.map(({ bytes }) => bytes))
    sink.write(written, (error) => {
      isWriting = false
      queuedBytes -= written.length
      if (error !== undefined && hasRoomLater(error)) linesDropped += lineCount
      else if (error !== undefined) breakOff(lineCount)
      settle()
    })
  }
  return {
    write(bytes, lineCount) {
      if (isBroken || (isStalled && queuedBytes + bytes.length > limitBytes)) {
        linesDropped += lineCount
        return
      }
      queue.push({ bytes, lineCount })
      queuedBytes += bytes.length
      if (!isWriting) writeNext()
      if (queuedBytes > limitBytes && !isStalled) setCongested(true)
    },
    get isCongested() {
      return isCongested
    },
    onCongestion(listener) {
      onCongestion = listener
    },
    get isBroken() {
      return isBroken
    },
    get linesDropped() {
      return linesDropped
    },
    flush: (timeoutMs) =>
      new Promise((resolve) => {
        if (!isWriting && queue.length === 0) return resolve()
        const timer = setTimeout(resolve, timeoutMs)
        idleWaiters = [...idleWaiters, () => (clearTimeout(timer), resolve())]
      }),
    close: () => sink.close(),
  }
}

/** A full disk or quota is somebody's to clean up; every other error is for good. */
const hasRoomLater = (error: Error): boolean => 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')

const ignoreCongestion: (isCongested: boolean) => void = () => undefined

/** Small writes, so that a slow reader's progress can be told from a stall. */
const BATCH_BYTES = 65_536

const batchLength = (queue: readonly Queued[]): number => {
  let sizeBytes = 0
  const last = queue.findIndex(({ bytes }) => (sizeBytes += bytes.length) >= BATCH_BYTES)
  return last < 0 ? queue.length : last + 1
}
