// A process specification for tests of the supervisor's pure parts; overrides name what the test is about.
import type { ProcessSpec } from '../../runtime/contract/process-spec.ts'

export const createSpec = (overrides: Partial<ProcessSpec> = {}): ProcessSpec => ({
  name: 'redis',
  command: ['/bin/true'],
  environment: {},
  workingDir: '/',
  dependsOn: {},
  ready: { check: { kind: 'tcp', host: '127.0.0.1', port: 6379 }, intervalMs: 50, timeoutMs: 60_000 },
  restart: { policy: 'on-failure', delayMs: 100, delayMaxMs: 30_000, burst: 5, windowMs: 60_000 },
  stopSignal: 'SIGTERM',
  gracefulTimeoutMs: 10_000,
  essential: true,
  ...overrides,
})
