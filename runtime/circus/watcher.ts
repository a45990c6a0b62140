// [watcher:NAME] -> a declared process. What circus does by default and we would not is written down: it was meant.

import type { ManifestInput } from '../contract/manifest-schema.ts'
import { planCommand } from './command.ts'
import { planFlapping } from './flapping.ts'
import type { FlappingDefaults } from './flapping.ts'
import { planHooks } from './hooks.ts'
import { WATCHER_OPTIONS } from './options.ts'
import { planRlimits } from './rlimits.ts'
import { checkKeys } from './section.ts'
import type { Section } from './section.ts'
import { readSignal } from './signal.ts'
import { planStream } from './streams.ts'

export type ProcessInput = NonNullable<ManifestInput['processes']>[string]

export type WatcherRequest = {
  readonly section: Section
  readonly environment: Readonly<Record<string, string>>
  /** Names of all declared sockets. */
  readonly sockets: readonly string[]
  /** By the name that the file gives it, in any case. */
  readonly resolveSocket: (name: string) => string | undefined
  /** Those that the command names as $(circus.sockets.NAME). */
  readonly namedSockets: readonly string[]
  readonly umask: string | undefined
  readonly checkDelayS: number
  readonly flapping: FlappingDefaults | undefined
  /** Of circusd. */
  readonly workingDir: string
}

export const planWatcher = (request: WatcherRequest): ProcessInput => {
  const { section, environment, umask, workingDir } = request
  checkKeys(section, WATCHER_OPTIONS)
  return {
    command: [...planCommand(section)],
    environment,
    essential: false,
    ...planIdentity(section),
    ...planNumbers(section),
    ...planRestart(request),
    ...planStop(section),
    ...planSockets(request),
    ...planFlapping(request),
    ...(umask === undefined ? {} : { umask }),
    rlimits: planRlimits(section),
    hooks: planHooks(section),
    stdout: planStream(section, 'stdout', workingDir),
    stderr: planStream(section, 'stderr', workingDir),
  }
}

const planIdentity = (section: Section): Partial<ProcessInput> => ({
  ...pick('program', section.text('executable')),
  ...pick('workingDirectory', section.text('working_dir')),
  ...pick('user', readId(section.text('uid'))),
  ...pick('group', readId(section.text('gid'))),
  ...pick('copyEnv', section.boolean('copy_env')),
})

/** Nothing for nothing: an empty value means that the option is not set. */
const pick = <K extends keyof ProcessInput>(key: K, value: ProcessInput[K] | undefined): Partial<ProcessInput> =>
  value === undefined || value === '' ? {} : { [key]: value }

const readId = (text: string | undefined): string | number | undefined => {
  const id = text?.trim()
  return id !== undefined && /^\d+$/.test(id) ? Number(id) : id
}

const planNumbers = (section: Section): Partial<ProcessInput> => {
  const numprocesses = section.integer('numprocesses')
  const singleton = section.boolean('singleton')
  if (numprocesses !== undefined && numprocesses < 0) section.problem('numprocesses', '"numprocesses": expected 0 or more')
  if (singleton === true && (numprocesses ?? 1) > 1) section.problem('numprocesses', `"numprocesses": a singleton is 1 process, got ${numprocesses}`)
  return {
    ...pick('numprocesses', numprocesses),
    ...pick('singleton', singleton),
    ...pick('autostart', section.boolean('autostart')),
    ...pick('priority', section.integer('priority')),
    ...pick('warmupDelay', section.seconds('warmup_delay')),
  }
}

const planRestart = ({ section, checkDelayS }: WatcherRequest): Partial<ProcessInput> => {
  const maxAge = section.seconds('max_age')
  return {
    restart: section.boolean('respawn') === false ? 'never' : 'always',
    restartBurst: -1,
    ...(checkDelayS > 0 ? { restartDelayMax: `${Math.max(100, Math.round(checkDelayS * 1000))}ms` } : {}),
    ...pick('maxRetry', section.integer('max_retry')),
    ...(maxAge === undefined || maxAge === '0s' ? {} : { maxAge }),
    ...pick('maxAgeVariance', section.seconds('max_age_variance')),
  }
}

const planStop = (section: Section): Partial<ProcessInput> => ({
  ...pick('stopSignal', readSignal(section, 'stop_signal')),
  stopChildren: section.boolean('stop_children') ?? false,
  gracefulTimeout: section.seconds('graceful_timeout') ?? '30s',
  ...(section.boolean('send_hup') === true ? { reload: { signal: 'SIGHUP' } } : {}),
})

/** circus' workers inherit every socket or none; on demand needs one to listen on. */
const planSockets = ({ section, sockets, namedSockets, resolveSocket }: WatcherRequest): Partial<ProcessInput> => {
  const usesSockets = section.boolean('use_sockets') === true
  const isOnDemand = section.boolean('on_demand') === true
  const [forgotten] = namedSockets
  if (forgotten !== undefined && !usesSockets)
    section.warn(undefined, `[${section.name}] names socket "${forgotten}" without use_sockets = True: it is passed all the same`)
  if (isOnDemand && sockets.length === 0) section.problem('on_demand', '"on_demand": there is no [socket:NAME] to wait for')
  if (section.boolean('close_child_stdin') === false)
    section.warn('close_child_stdin', '"close_child_stdin" has no effect: standard input is /dev/null or a socket')
  return {
    sockets: [...(usesSockets || isOnDemand ? sockets : namedSockets)],
    ...(isOnDemand ? { onDemand: true } : {}),
    ...planStdin(section, resolveSocket),
  }
}

const planStdin = (section: Section, resolveSocket: WatcherRequest['resolveSocket']): Partial<ProcessInput> => {
  const name = section.text('stdin_socket')
  if (name === undefined || name === '') return {}
  const socket = resolveSocket(name)
  if (socket === undefined) section.problem('stdin_socket', `"stdin_socket": there is no [socket:${name}]`)
  return { stdin: { socket: socket ?? name } }
}
