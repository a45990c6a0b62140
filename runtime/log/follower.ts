// One reader of lines that may be slow, such as a client of `logs -f`. While it is full, its lines are counted and
// not sent, and it is told how many; processes whose policy is to block wait for it instead.

import type { LogEvent, LogSelection } from './log-event.ts'
import type { LogHub } from './log-hub.ts'

export type Follower = {
  /** To be called when the reader has room again. */
  drained(): void
  cancel(): void
}

export type FollowerOptions = LogSelection & {
  readonly hub: LogHub
  readonly isFull: () => boolean
  /** Bytes are borrowed. */
  readonly send: (event: LogEvent) => void
  readonly skipped: (lines: number) => void
}

export const followLogs = ({ hub, names, isFull, send, skipped }: FollowerOptions): Follower => {
  let linesSkipped = 0
  const tellSkipped = (): void => {
    if (linesSkipped > 0) skipped(linesSkipped)
    linesSkipped = 0
  }
  const blocker = hub.addBlocker({ names }, isFull)
  const unsubscribe = hub.subscribe({ names }, (event) => {
    // A process that waits sends at most what it had already said.
    if (isFull() && event.onSlow === 'drop') {
      linesSkipped += event.lineCount
      return
    }
    tellSkipped()
    send(event)
  })
  return {
    drained() {
      if (!isFull()) tellSkipped()
      blocker.freed()
    },
    cancel() {
      unsubscribe()
      blocker.remove()
    },
  }
}
