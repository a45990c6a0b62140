// Everything that looks at one run while it is up, and the events that follow from what it sees.

import type { InstanceSpec, ProcessSpec } from '../contract/process-spec.ts'
import { createLiveness } from './liveness.ts'
import type { CheckContext } from './probe-ask.ts'
import { createRecheck } from './probe-recheck.ts'
import { createProbe } from './probe.ts'
import type { Probe } from './probe.ts'
import { createResourceWatch } from './resources.ts'
import type { ProcessEvent } from './state.ts'

export type Observers = {
  startProbe(step: 'startup' | 'ready', context: CheckContext): void
  readonly stopProbe: () => void
  startRecheck(context: CheckContext): void
  /** Liveness and resources. */
  startObserving(context: CheckContext): void
  /** No event comes after it. */
  stop(): void
  /** Why the latest answer to the check in progress was no. */
  readonly reason: string
}

export type ObserversOptions = {
  readonly spec: ProcessSpec
  readonly instance: InstanceSpec
  readonly dispatch: (event: ProcessEvent) => void
}

export const createObservers = ({ spec, instance, dispatch }: ObserversOptions): Observers => {
  const watching: { cancel(): void }[] = []
  let probe: Probe | undefined
  return {
    startProbe(step, context) {
      const declared = instance[step]
      if (declared === undefined) return
      probe = createProbe({ context, spec: declared }, (outcome) => {
        if (outcome.kind === 'ready') dispatch({ kind: step === 'startup' ? 'startupPassed' : 'ready' })
        else dispatch({ kind: 'startTimeout', reason: outcome.reason })
      })
    },
    stopProbe: () => probe?.cancel(),
    startRecheck(context) {
      if (instance.ready === undefined) return
      probe = createRecheck({ context, spec: instance.ready }, (isReady, reason) => dispatch(isReady ? { kind: 'ready' } : { kind: 'unready', reason }))
    },
    startObserving(context) {
      const { liveness } = instance
      const { resources } = spec
      if (liveness !== undefined) {
        watching.push(createLiveness({ context, spec: liveness }, (reason) => dispatch({ kind: 'unhealthy', reason, action: liveness.action })))
      }
      if (resources === undefined) return
      watching.push(
        createResourceWatch({ pid: context.mainPid, spec: resources }, (reason) => dispatch({ kind: 'exceeded', reason, action: resources.action })),
      )
    },
    stop() {
      probe?.cancel()
      for (const watch of watching.splice(0)) watch.cancel()
    },
    get reason() {
      return probe?.reason ?? ''
    },
  }
}
