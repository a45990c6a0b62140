// One declared process as the supervisor sees it: names resolved, durations in milliseconds, sizes in bytes.
// What differs between its instances is planned per run. Made by the config area, run by the supervisor; neither
// knows the other.

import type { HookName, ProcessDeclaration } from './manifest-schema.ts'

export type DependencyCondition = 'started' | 'ready' | 'completed_successfully'
export type Dependency = { readonly condition: DependencyCondition; readonly restart: boolean }

export type AskedCheck =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly speaks?: 'redis' }
  | { readonly kind: 'unix'; readonly socketPath: string; readonly speaks?: 'redis' }
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'exec'; readonly command: readonly string[] }

export type ReadyCheck =
  | AskedCheck
  | { readonly kind: 'logLine'; readonly pattern: RegExp }
  | { readonly kind: 'notify' }
  | { readonly kind: 'fd'; readonly fd: number }
  | { readonly kind: 'path'; readonly path: string }

export type StartupSpec = { readonly check: ReadyCheck; readonly intervalMs: number; readonly timeoutMs: number }
export type ReadySpec = StartupSpec & { readonly recheckMs: number | undefined; readonly failureThreshold: number }

/** What is done about a process that runs but should not go on like this. */
export type CorrectiveAction = 'restart' | { readonly signal: NodeJS.Signals }

export type LivenessSpec = {
  readonly check: AskedCheck | { readonly kind: 'watchdog'; readonly periodMs: number }
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly initialDelayMs: number
  readonly failureThreshold: number
  readonly action: CorrectiveAction
}

/** An exit status, or the name of the signal that ended the process. */
export type ExitMark = number | NodeJS.Signals

/** circus' way to give up: constant pauses, a number of them. */
export type FlappingSpec = { readonly attempts: number; readonly windowMs: number; readonly retryInMs: number; readonly maxRetry: number }

export type RestartSpec = {
  readonly policy: ProcessDeclaration['restart']
  readonly successStatuses: readonly ExitMark[]
  readonly restartStatuses: readonly ExitMark[]
  readonly preventStatuses: readonly ExitMark[]
  readonly delayMs: number
  readonly delayMaxMs: number
  readonly burst: number
  readonly windowMs: number
  readonly flapping: FlappingSpec | undefined
  /** Starts that fail before the program runs; -1: without end. */
  readonly maxRetry: number
}

/** Bytes are resolved from shares on the target; CPU in percent of one processor. */
export type ResourcesSpec = {
  readonly maxMemoryBytes: number | undefined
  readonly minMemoryBytes: number | undefined
  readonly maxCpuPercent: number | undefined
  readonly minCpuPercent: number | undefined
  readonly intervalMs: number
  readonly maxCount: number
  readonly children: boolean
  readonly action: CorrectiveAction
}

export type StopStep = { readonly signal: NodeJS.Signals; readonly waitMs: number }

export type ReloadSpec = 'graceful' | 'sequential' | { readonly signal: NodeJS.Signals }

export type HookSpec = { readonly command: readonly string[]; readonly ignoreFailure: boolean; readonly timeoutMs: number }

/** Epoch milliseconds of the next run after that time; undefined when there is none. */
export type ScheduleSpec = { readonly nextRunMs: (afterEpochMs: number) => number | undefined; readonly runOnStart: boolean; readonly text: string }

export type LogFileSpec = {
  readonly path: string
  /** Directories between this one and the file are made. */
  readonly belowDir: string | undefined
  readonly maxBytes: number | undefined
  readonly backupCount: number
  readonly rotation: { readonly when: string; readonly interval: number; readonly utc: boolean } | undefined
  readonly timeFormat: string | undefined
  readonly utc: boolean
}
export type StreamTarget = { readonly kind: 'log' } | { readonly kind: 'null' } | ({ readonly kind: 'file' } & LogFileSpec)

export type LogSpec = {
  readonly lineMaxBytes: number
  readonly partialTimeoutMs: number
  readonly ansi: 'auto' | 'keep' | 'strip'
  readonly onSlow: 'drop' | 'block'
}

export type Identity = { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }

/** What every command is started with, whatever it is for: process, task, hook, check. */
export type RunSpec = {
  readonly command: readonly string[]
  /** The file to execute; undefined: found by the first word of the command. */
  readonly program: string | undefined
  readonly environment: Readonly<Record<string, string>>
  readonly workingDir: string
  /** Undefined: ours. */
  readonly identity: Identity | undefined
  readonly umask: number | undefined
  readonly nice: number | undefined
  readonly oomScoreAdj: number | undefined
  /** "NAME=SOFT:HARD", as setrlimit names them, in lower case. */
  readonly rlimits: readonly string[]
}

/** The parts of a process that may differ between its instances, with every placeholder filled in. */
export type InstanceSpec = {
  readonly run: RunSpec
  readonly startup: StartupSpec | undefined
  readonly ready: ReadySpec | undefined
  readonly liveness: LivenessSpec | undefined
  readonly hooks: Readonly<Partial<Record<HookName, HookSpec>>>
  readonly stdout: StreamTarget
  readonly stderr: StreamTarget
}

/** What is only known when an instance starts. */
export type InstanceContext = {
  /** From 1; the lowest that is free (circus' wid). */
  readonly index: number
  readonly socketAddresses: ReadonlyMap<string, SocketAddress>
}

export type SocketAddress = { readonly host: string; readonly port: number } | { readonly path: string }

export type ProcessSpec = {
  readonly name: string
  readonly planInstance: (context: InstanceContext) => InstanceSpec
  /** Digest of everything that makes a restart necessary when it changes; without numprocesses. */
  readonly hash: string
  readonly numprocesses: number
  readonly singleton: boolean
  readonly autostart: boolean
  readonly oneshot: boolean
  readonly onDemand: boolean
  readonly priority: number
  readonly warmupDelayMs: number
  readonly dependsOn: Readonly<Record<string, Dependency>>
  /** Whether `started` and `ready` differ. */
  readonly hasReadyCheck: boolean
  readonly restart: RestartSpec
  readonly maxAgeMs: number | undefined
  readonly maxAgeVarianceMs: number
  /** Restarted when one of these files is another one than it was. */
  readonly restartOnChange?: readonly string[]
  readonly resources: ResourcesSpec | undefined
  /** At least one; SIGKILL follows the last. */
  readonly stopSteps: readonly StopStep[]
  readonly stopChildren: boolean
  readonly reload: ReloadSpec
  readonly sockets: readonly string[]
  /** Name of the socket that is its standard input; undefined: /dev/null. */
  readonly stdinSocket: string | undefined
  readonly log: LogSpec
  readonly schedule: ScheduleSpec | undefined
  readonly essential: boolean
}

export type TaskSpec = {
  readonly name: string
  readonly planRun: (context: InstanceContext) => RunSpec
  readonly dependsOn: ProcessSpec['dependsOn']
}

export type SocketSpec = {
  readonly name: string
  readonly address:
    | { readonly kind: 'tcp' | 'udp'; readonly host: string; readonly port: number }
    | { readonly kind: 'unix' | 'unixgram'; readonly path: string }
  readonly mode: number | undefined
  readonly umask: number | undefined
  readonly backlog: number
  readonly reusePort: boolean
  readonly replace: boolean
  readonly interface: string | undefined
}

/** Datagrams by which processes tell that they live; who is silent for `maxCount` intervals is killed. */
export type HeartbeatSpec = {
  readonly host: string
  readonly port: number
  readonly processes: readonly string[]
  /** Its group `pid` names the sender. */
  readonly pattern: RegExp
  readonly intervalMs: number
  readonly maxCount: number
}

/** Everything that is supervised, from one reading of manifest, environment and circus.ini. */
export type Plan = {
  readonly processes: readonly ProcessSpec[]
  readonly tasks: readonly TaskSpec[]
  readonly sockets: readonly SocketSpec[]
  readonly heartbeats?: readonly HeartbeatSpec[]
  /** Holds the supervisor's process id while it runs. */
  readonly pidFilePath?: string
  readonly exitPolicy: ExitPolicy
}

export type { ExitPolicy, HookName } from './manifest-schema.ts'
import type { ExitPolicy } from './manifest-schema.ts'
