// What the spawner is asked for, as the fields of its requests. Pure.

import { constants } from 'node:os'
import type { ExitMark, RunSpec, SocketSpec } from '../contract/process-spec.ts'
import type { SpawnRequest } from './spawner.ts'

export const planSpawnFields = (request: SpawnRequest, fifoDir: string): readonly string[] => {
  const { run, stdin, stdout, stderr } = request
  const isPiped = stdout === 'pipe' || stderr === 'pipe'
  return [
    ...planRunFields(run),
    `stdin=${typeof stdin === 'string' ? stdin : `socket:${stdin.socket}`}`,
    `stdout=${stdout === 'pipe' ? 'fifo' : stdout}`,
    `stderr=${stderr === 'pipe' ? 'fifo' : stderr}`,
    ...(isPiped ? [`fifo-dir=${fifoDir}`] : []),
    ...request.sockets.map((name) => `socket=${name}`),
    ...optional('notify', request.notifySocketPath),
    ...optional('ready-fd', request.readyFd),
    ...optional('background', request.background),
  ]
}

export type SuccessorName = {
  readonly id: string
  /** Ends after which it is not started. */
  readonly unless: readonly ExitMark[]
}

export const planSuccessorFields = ({ id, unless }: SuccessorName, spawnFields: readonly string[]): readonly string[] => [
  `next=${id}`,
  ...unless.map((mark) => (typeof mark === 'number' ? `unless-code=${mark}` : `unless-signal=${constants.signals[mark]}`)),
  ...spawnFields,
]

const planRunFields = (run: RunSpec): readonly string[] => [
  `cwd=${run.workingDir}`,
  ...optional('program', run.program),
  ...optional('umask', run.umask?.toString(8)),
  ...optional('nice', run.nice),
  ...optional('oom-score-adj', run.oomScoreAdj),
  ...optional('uid', run.identity?.uid),
  ...optional('gid', run.identity?.gid),
  ...optional('groups', run.identity?.groups.join(',')),
  ...run.rlimits.map((limit) => `rlimit=${limit}`),
  ...Object.entries(run.environment).map(([name, value]) => `env=${name}=${value}`),
  ...run.command.map((word) => `arg=${word}`),
]

/** `host` is the address in numbers that its name stands for. */
export const planListenFields = (spec: SocketSpec, host: string | undefined): readonly string[] => [
  `kind=${spec.address.kind}`,
  ...('path' in spec.address ? [`path=${spec.address.path}`] : [`host=${host}`, `port=${spec.address.port}`]),
  ...optional('mode', spec.mode?.toString(8)),
  ...optional('umask', spec.umask?.toString(8)),
  `backlog=${spec.backlog}`,
  ...(spec.reusePort ? ['reuse-port=1'] : []),
  ...(spec.replace ? ['replace=1'] : []),
  ...optional('interface', spec.interface),
]

const optional = (key: string, value: string | number | undefined): readonly string[] => (value === undefined ? [] : [`${key}=${value}`])
