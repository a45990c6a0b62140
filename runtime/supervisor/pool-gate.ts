// The hooks of a process as a whole, however many instances it has: before the first of them starts, when all are
// ready, before they stop, after the last is gone.

import type { HookName } from '../contract/process-spec.ts'

export type Gate = {
  /** Instances may start. */
  readonly isOpen: boolean
  /** A hook is at work: what waits for the process waits for it, too. */
  readonly isBusy: boolean
  /** Open, and not told yet that all are ready. */
  readonly isAwaitingAll: boolean
  /** Opens, perhaps later; then `changed` is called, or `refused`. */
  open(): void
  /** All are ready. */
  announce(): void
  /** Calls when the processes may be stopped; at once without a hook. */
  beforeStop(proceed: () => void): void
  /** All are gone. */
  close(): void
  /** A hook in progress no longer counts. */
  cancel(): void
  /** There is no time for hooks any more. */
  abandon(): void
}

export type GateOptions = {
  readonly has: (hook: HookName) => boolean
  readonly run: (hook: HookName, signal: AbortSignal) => Promise<boolean>
  readonly changed: () => void
  readonly refused: (hook: 'beforeStart' | 'afterStart') => void
}

export const createGate = ({ has, run, changed, refused }: GateOptions): Gate => {
  let isOpen = false
  let isAnnounced = false
  let busy: { readonly hook: HookName; readonly abort: AbortController } | undefined
  const work = async (hook: HookName, done: (isPassed: boolean) => void): Promise<void> => {
    if (!has(hook)) return done(true)
    const current = { hook, abort: new AbortController() }
    busy = current
    const isPassed = await run(hook, current.abort.signal)
    if (busy !== current) return
    busy = undefined
    done(isPassed)
    changed()
  }
  const cancel = (): void => {
    busy?.abort.abort()
    busy = undefined
  }
  return {
    get isOpen() {
      return isOpen
    },
    get isBusy() {
      return busy !== undefined && busy.hook !== 'afterStart'
    },
    get isAwaitingAll() {
      return isOpen && !isAnnounced
    },
    open() {
      if (isOpen || busy !== undefined) return
      void work('beforeStart', (isPassed) => {
        isOpen = isPassed
        if (!isPassed) refused('beforeStart')
      })
    },
    announce() {
      if (isAnnounced || !isOpen) return
      isAnnounced = true
      void work('afterStart', (isPassed) => (isPassed ? undefined : refused('afterStart')))
    },
    beforeStop(proceed) {
      cancel()
      void work('beforeStop', proceed)
    },
    close() {
      if (busy?.hook === 'afterStart') cancel()
      if (!isOpen || busy !== undefined) return
      isOpen = false
      isAnnounced = false
      void work('afterStop', () => undefined)
    },
    cancel,
    abandon() {
      cancel()
      isOpen = false
    },
  }
}
