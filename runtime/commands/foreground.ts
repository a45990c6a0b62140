// One program on our own streams: signals are passed on to it, its exit status is ours.

import { NixpackError } from '../contract/errors.ts'
import type { RunSpec } from '../contract/process-spec.ts'
import { createSpawner } from '../supervisor/spawner.ts'
import { resolveExitStatus } from '../supervisor/child-exit.ts'
import { createRunDirectory } from '../config/run-directory.ts'
import type { CommandContext } from './context.ts'
import { planSource, readSource, writeSource } from './source.ts'
import type { PlannedSource, Source } from './source.ts'

export const runForeground = async (context: CommandContext, run: RunSpec, fifosDir: string): Promise<number> => {
  const spawner = createSpawner({ shimPath: `${context.runtimeDir}/bin/shim`, environment: {}, warn: (message) => context.report.warn(message) })
  const exit = Promise.withResolvers<number>()
  const child = spawner.spawn(
    { run, stdin: 'inherit', stdout: 'inherit', stderr: 'inherit', fifosDir, sockets: [], notifySocketPath: undefined, readyFd: undefined },
    {
      piped: () => undefined,
      spawned: () => undefined,
      notified: () => undefined,
      readyFd: () => undefined,
      exited: (how) => {
        if (how.kind !== 'spawnFailed') return exit.resolve(resolveExitStatus(how))
        exit.reject(new NixpackError(FAILURES[how.status], how.message))
      },
    },
  )
  const relay = (signal: NodeJS.Signals): void => child.signal('group', signal)
  for (const signal of RELAYED) process.on(signal, relay)
  try {
    return await exit.promise
  } finally {
    for (const signal of RELAYED) process.off(signal, relay)
    spawner.close()
  }
}

/** Without a running instance: with a run directory of its own, which goes with the program. */
export const runAlone = async (context: CommandContext, plan: (source: Source, planned: PlannedSource) => RunSpec): Promise<number> => {
  const source = await readSource(context, { kind: 'run' })
  const directory = createRunDirectory(context, { bundle: context.manifest.name, instance: `exec-${process.pid}` })
  try {
    const planned = planSource(source, directory.paths)
    writeSource(planned, directory.paths)
    return await runForeground(context, plan(source, planned), directory.paths.fifosDir)
  } finally {
    directory.remove()
  }
}

const FAILURES = { 125: 'PROCESS_GAVE_UP', 126: 'PROCESS_NOT_EXECUTABLE', 127: 'PROCESS_NOT_FOUND' } as const

const RELAYED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const
