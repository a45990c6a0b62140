// What one run says of itself, over its notify socket or its ready descriptor. Remembers what was said before anybody
// listened: a program need not wait until it is asked.

import type { NotifyMessage } from './spawner-notify.ts'

export type FeedNews = NotifyMessage | 'readyFd'

export type RunFeed = {
  notified(message: NotifyMessage): void
  readonly readyFd: () => void
  /** It has said READY=1. */
  readonly isReady: boolean
  /** It has written a line to its ready descriptor. */
  readonly isFdReady: boolean
  subscribe(listener: (news: FeedNews) => void): () => void
}

export const createRunFeed = (): RunFeed => {
  const listeners = new Set<(news: FeedNews) => void>()
  let isReady = false
  let isFdReady = false
  const publish = (news: FeedNews): void => {
    for (const listener of listeners) listener(news)
  }
  return {
    notified(message) {
      isReady ||= message.ready === true
      publish(message)
    },
    readyFd() {
      isFdReady = true
      publish('readyFd')
    },
    get isReady() {
      return isReady
    },
    get isFdReady() {
      return isFdReady
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
