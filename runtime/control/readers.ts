// Who reads a stream, bounded in number: each may hold a backlog. Who has left unread what is there for some seconds
// keeps nobody out, unless a run of a task depends on it.

import { NixpackError } from '../contract/errors.ts'
import type { EventStream } from './event-stream.ts'

export type Readers = {
  /** For one more; throws CONTROL_REFUSED when there is none. */
  makeRoom(): void
  /** Until it ends. */
  add(stream: Stream, options: { readonly isEvictable: boolean }): void
}

type Stream = Pick<EventStream, 'stalledMs' | 'destroy' | 'onClose'>

export const createReaders = (countMax = READERS_MAX): Readers => {
  const open = new Set<Stream>()
  /** In the order of their arrival. */
  const evictable = new Set<Stream>()
  const forget = (stream: Stream): void => {
    open.delete(stream)
    evictable.delete(stream)
  }
  return {
    makeRoom() {
      if (open.size < countMax) return
      const unread = [...evictable].find(({ stalledMs }) => stalledMs >= STALLED_MS)
      if (unread === undefined) {
        throw new NixpackError('CONTROL_REFUSED', `cannot answer: ${open.size} readers are following already`, { hint: 'end one of them, and ask again' })
      }
      forget(unread)
      unread.destroy()
    },
    add(stream, { isEvictable }) {
      open.add(stream)
      if (isEvictable) evictable.add(stream)
      stream.onClose(() => forget(stream))
    },
  }
}

const READERS_MAX = 32
/** As long as for an answer: every reader leaves something unread for a moment. */
const STALLED_MS = 5000
