// Specifications for tests of the supervisor's pure parts; overrides name what the test is about.
import type { InstanceSpec, Plan, ProcessSpec } from '../../runtime/contract/process-spec.ts'

export const createInstanceSpec = (overrides: Partial<InstanceSpec> = {}): InstanceSpec => ({
  run: {
    command: ['/bin/true'],
    program: undefined,
    environment: {},
    workingDir: '/',
    identity: undefined,
    umask: undefined,
    nice: undefined,
    oomScoreAdj: undefined,
    rlimits: [],
  },
  startup: undefined,
  ready: undefined,
  liveness: undefined,
  hooks: {},
  stdout: { kind: 'log' },
  stderr: { kind: 'log' },
  ...overrides,
})

export const createRestartSpec = (overrides: Partial<ProcessSpec['restart']> = {}): ProcessSpec['restart'] => ({
  policy: 'on-failure',
  successStatuses: [0],
  restartStatuses: [],
  preventStatuses: [],
  delayMs: 100,
  delayMaxMs: 30_000,
  burst: 5,
  windowMs: 60_000,
  flapping: undefined,
  maxRetry: 5,
  ...overrides,
})

export const createSpec = (overrides: Partial<ProcessSpec> = {}): ProcessSpec => ({
  name: 'redis',
  planInstance: () => createInstanceSpec(),
  hash: 'h',
  numprocesses: 1,
  singleton: false,
  autostart: true,
  oneshot: false,
  onDemand: false,
  priority: 0,
  warmupDelayMs: 0,
  dependsOn: {},
  hasReadyCheck: false,
  restart: createRestartSpec(),
  maxAgeMs: undefined,
  maxAgeVarianceMs: 30_000,
  resources: undefined,
  stopSteps: [{ signal: 'SIGTERM', waitMs: 10_000 }],
  stopChildren: true,
  reload: 'graceful',
  sockets: [],
  stdinSocket: undefined,
  log: { lineMaxBytes: 65_536, partialTimeoutMs: 2000, ansi: 'auto', onSlow: 'drop' },
  schedule: undefined,
  essential: true,
  ...overrides,
})

export const createPlan = (overrides: Partial<Plan> = {}): Plan => ({ processes: [], tasks: [], sockets: [], exitPolicy: 'essential', ...overrides })
