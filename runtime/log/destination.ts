// Where the lines of one stream of one run go, besides the hub.

import type { LogEvent } from './log-event.ts'
import type { Room } from './room.ts'

export type Destination = Room & {
  /** The bytes are copied, if need be, before it returns. */
  write(event: LogEvent): void
  close(): void
}
