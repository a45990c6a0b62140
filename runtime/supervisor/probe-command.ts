// A readiness command: one short-lived child in its own session, killed when its time is over.

import type { ProcessSpec } from '../contract/process-spec.ts'
import { createChild } from './child.ts'
import { signalGroup } from './session.ts'

export type ProbeCommandRequest = {
  readonly shimPath: string
  readonly spec: ProcessSpec
  readonly command: readonly string[]
  readonly signal: AbortSignal
}

export const runProbeCommand = ({ shimPath, spec, command, signal }: ProbeCommandRequest): Promise<boolean> =>
  new Promise((resolve) => {
    const { environment, workingDir } = spec
    const child = createChild(
      { shimPath, command, environment, workingDir, fifoDir: undefined },
      {
        exited: (exit) => {
          signal.removeEventListener('abort', kill)
          resolve(exit.kind === 'code' && exit.code === 0)
        },
      },
    )
    const kill = (): void => {
      if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL')
    }
    signal.addEventListener('abort', kill)
  })
