// The one writer of a log file. Lines are queued and written in the order they came; a file that cannot be written
// costs its lines, counted and told once, never the reading of a process, and is tried again.

import type { LogFileSpec } from '../contract/process-spec.ts'
import { appendLines } from './append-lines.ts'
import { countLines } from './count-lines.ts'
import { createLineQueue } from './line-queue.ts'
import type { LineBatch, LineOwner } from './line-queue.ts'
import type { SlowPolicy } from './log-event.ts'
import { createLogFileHandle } from './log-file-handle.ts'
import type { Report } from './report.ts'
import { createWaiters } from './room.ts'

export type LogFile = {
  /** One more user, whose settings count from now on. */
  hold(spec: LogFileSpec): void
  /** One user less; without any it is closed as soon as everything is written. */
  release(): void
  push(bytes: Buffer, onSlow: SlowPolicy, dropped: LineOwner['dropped']): void
  isFull(onSlow: SlowPolicy): boolean
  readonly whenRoom: (wake: () => void) => void
  reopen(): void
  /** Resolves when everything is written or given up. */
  flush(): Promise<void>
  /** Without users, closed, and nothing to remember. */
  readonly isUnused: boolean
}

export type LogFileOptions = { readonly spec: LogFileSpec; readonly report: Report; readonly nowMs: () => number; readonly stallMs: number }

export const createLogFile = ({ spec: firstSpec, report, nowMs, stallMs }: LogFileOptions): LogFile => {
  const handle = createLogFileHandle({ spec: firstSpec, report, nowMs })
  const queue = createLineQueue()
  const waiters = createWaiters()
  let users = 0
  let pumping: Promise<void> | undefined
  let stallTimer: NodeJS.Timeout | undefined
  let isStalled = false
  let isAsked = false

  const drop = ({ bytes, owners }: LineBatch, from: number): void => {
    let start = from
    for (const { end, dropped } of owners) {
      if (end <= start) continue
      const lines = countLines(bytes.subarray(start, end))
      handle.lost(lines)
      dropped(lines)
      start = end
    }
  }
  const store = async (batch: LineBatch): Promise<void> => {
    let at = 0
    while (at < batch.bytes.length) {
      if (!(await handle.prepare())) return drop(batch, at)
      const end = await handle.resolveEnd(batch.bytes, at)
      if (handle.fd === undefined) continue
      const { sizeBytes, error } = await appendLines(handle.fd, batch.bytes.subarray(at, end))
      at += sizeBytes
      await handle.wrote(sizeBytes, error)
      if (sizeBytes > 0) progress()
    }
  }
  const onStall = (): void => {
    isStalled = true
    waiters.wake()
  }
  const progress = (): void => {
    isStalled = false
    if (queue.sizeBytes > LIMIT_BYTES / 2) {
      stallTimer?.refresh()
      return
    }
    clearTimeout(stallTimer)
    stallTimer = undefined
    waiters.wake()
  }
  const pump = async (): Promise<void> => {
    isAsked = false
    for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
      await store(batch)
      queue.release(batch)
      progress()
    }
    if (users === 0) await handle.close()
    else await handle.prepare()
  }
  const start = (): void => {
    isAsked = true
    pumping ??= pump().finally(() => {
      pumping = undefined
      if (isAsked) start()
    })
  }
  const isOver = (): boolean => queue.sizeBytes > LIMIT_BYTES
  return {
    hold(spec) {
      users += 1
      handle.configure(spec)
      start()
    },
    release() {
      users -= 1
      start()
    },
    push(bytes, onSlow, dropped) {
      if (handle.isDown || (onSlow === 'drop' && isStalled && isOver())) return drop({ bytes, owners: [{ end: bytes.length, dropped }] }, 0)
      queue.push(bytes, dropped)
      start()
    },
    isFull: (onSlow) => isOver() && (onSlow === 'block' || !isStalled),
    whenRoom(wake) {
      waiters.add(wake)
      stallTimer ??= setTimeout(onStall, stallMs).unref()
    },
    reopen() {
      handle.expire()
      start()
    },
    async flush() {
      for (let current = pumping; current !== undefined; current = pumping) await current
    },
    get isUnused() {
      return users === 0 && pumping === undefined && !handle.isOut
    },
  }
}

const LIMIT_BYTES = 1_048_576
