import { expect, test } from 'vitest'
import { HOST, planFirst, planParts } from '../../helpers/plan-context.ts'

type Parts = Readonly<Record<string, unknown>>

const specOf = (declaration: Parts, others: Parts = {}) => {
  const [spec] = planParts({ processes: { p: { command: ['/bin/p'], ...declaration } }, ...others }).processes
  if (spec === undefined) throw new Error('no process')
  return spec
}

const instanceOf = (declaration: Parts, others: Parts = {}) => specOf(declaration, others).planInstance({ index: 1, socketAddresses: new Map() })

test('what is not declared is what a program may expect', () => {
  expect(specOf({})).toMatchObject({
    numprocesses: 1,
    autostart: true,
    dependsOn: {},
    hasReadyCheck: false,
    restart: {
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
    },
    maxAgeMs: undefined,
    resources: undefined,
    stopSteps: [{ signal: 'SIGTERM', waitMs: 10_000 }],
    stopChildren: true,
    reload: 'graceful',
    sockets: [],
    stdinSocket: undefined,
    log: { lineMaxBytes: 65_536, partialTimeoutMs: 2000, ansi: 'auto', onSlow: 'drop' },
    schedule: undefined,
    essential: true,
  })
  expect(instanceOf({})).toEqual({
    run: {
      command: ['/bin/p'],
      program: undefined,
      environment: {},
      workingDir: '/w',
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
  })
})

test('policies and limits in milliseconds, bytes and signals', () => {
  const declaration = {
    dependsOn: { q: { restart: true }, r: 'started' },
    flapping: { window: '2s', maxRetry: -1 },
    successStatuses: [0, 'SIGHUP'],
    maxAge: '1h',
    maxAgeVariance: '1m',
    resources: { maxMemory: '10%', minMemory: '1kB', maxCpu: 90, action: { signal: 'SIGHUP' } },
    stopSignals: [
      { signal: 'SIGINT', wait: '1s' },
      { signal: 'SIGQUIT', wait: '2s' },
    ],
    reload: { signal: 'SIGHUP' },
    warmupDelay: '1.5s',
    ready: { notify: true },
  }
  const manifest = { processes: { p: { command: ['x'], ...declaration }, q: { command: ['x'] }, r: { command: ['x'] } } }
  expect(planParts(manifest).processes[0]).toMatchObject({
    dependsOn: { q: { condition: 'ready', restart: true }, r: { condition: 'started', restart: false } },
    hasReadyCheck: true,
    warmupDelayMs: 1500,
    restart: { flapping: { attempts: 2, windowMs: 2000, retryInMs: 7000, maxRetry: -1 }, successStatuses: [0, 'SIGHUP'] },
    maxAgeMs: 3_600_000,
    maxAgeVarianceMs: 60_000,
    resources: { maxMemoryBytes: 100, minMemoryBytes: 1000, maxCpuPercent: 90, minCpuPercent: undefined, maxCount: 3, action: { signal: 'SIGHUP' } },
    stopSteps: [
      { signal: 'SIGINT', waitMs: 1000 },
      { signal: 'SIGQUIT', waitMs: 2000 },
    ],
    reload: { signal: 'SIGHUP' },
  })
})

test('a share of a memory that nobody knows is refused', () => {
  const parts = { processes: { p: { command: ['x'], resources: { maxMemory: '10%' } } } }
  expect(() => planParts(parts, { host: { ...HOST, memoryTotalBytes: () => undefined } })).toThrow('cannot limit the memory of "p" to 10%')
})

test('instances differ by their placeholders', () => {
  const env = { PORT: { type: 'port', default: 8000 } }
  const spec = specOf(
    {
      numprocesses: 3,
      command: ['/bin/p', '--port', '@{nixpack:env.PORT|offset}'],
      ready: { tcp: ':@{nixpack:env.PORT|offset}' },
      stdout: { file: '@{nixpack:process.name}-@{nixpack:process.index}.log' },
    },
    { env },
  )
  expect(spec.planInstance({ index: 3, socketAddresses: new Map() })).toMatchObject({
    run: { command: ['/bin/p', '--port', '8002'] },
    ready: { check: { port: 8002 } },
    stdout: { path: '/home/me/.local/state/nixpack/demo/default/log/p-3.log' },
  })
})

test('an instance whose port would be none is refused before anything starts', () => {
  const env = { PORT: { type: 'port', default: 65_535 } }
  const parts = { env, processes: { p: { command: ['x', '@{nixpack:env.PORT|offset}'], numprocesses: 2 } } }
  expect(() => planParts(parts)).toThrow('it would be 65536, and 65535 is the last')
})

test('placeholders of sockets are those that were bound', () => {
  const others = { sockets: { web: { tcp: '127.0.0.1:0' }, path: { unix: 's.sock' } } }
  const spec = specOf(
    { sockets: ['path', 'web'], command: ['@{nixpack:socket.web.fd}', '@{nixpack:socket.web.port}', '@{nixpack:socket.path.path}'], stdin: { socket: 'path' } },
    others,
  )
  const planned = spec.planInstance({ index: 1, socketAddresses: new Map([['web', { host: '127.0.0.1', port: 4711 }]]) })
  expect(planned.run.command).toEqual(['4', '4711', '/w/s.sock'])
  expect(spec).toMatchObject({ sockets: ['path', 'web'], stdinSocket: 'path' })
})

test.each<[Parts, object]>([
  [{ ready: { tcp: '[::]:80' } }, { kind: 'tcp', host: '::1', port: 80 }],
  [{ ready: { unix: 'run/s' } }, { kind: 'unix', socketPath: '/data/run/s' }],
  [{ ready: { path: 'ready' } }, { kind: 'path', path: '/data/ready' }],
  [{ ready: { http: 'http://:8000/x' } }, { kind: 'http', url: 'http://127.0.0.1:8000/x' }],
  [{ ready: { http: 'http://0.0.0.0:8000/x' } }, { kind: 'http', url: 'http://127.0.0.1:8000/x' }],
  [{ ready: { http: 'https://[::]:8000/x' } }, { kind: 'http', url: 'https://[::1]:8000/x' }],
  [{ ready: { exec: ['a', 'b'] } }, { kind: 'exec', command: ['a', 'b'] }],
  [{ ready: { notify: true } }, { kind: 'notify' }],
  [{ ready: { fd: 5 } }, { kind: 'fd', fd: 5 }],
])('%j', (declaration, check) => {
  expect(instanceOf({ workingDirectory: '/data', ...declaration }).ready?.check).toEqual(check)
})

test('times of checks, and the watchdog', () => {
  const { startup, ready, liveness } = instanceOf({
    startup: { tcp: ':1', timeout: '5s' },
    ready: { tcp: ':1', recheck: '1s', failureThreshold: 2 },
    liveness: { watchdog: '3s', action: { signal: 'SIGABRT' } },
  })
  expect(startup).toMatchObject({ intervalMs: 50, timeoutMs: 5000 })
  expect(ready).toMatchObject({ recheckMs: 1000, failureThreshold: 2 })
  expect(liveness).toMatchObject({ check: { kind: 'watchdog', periodMs: 3000 }, initialDelayMs: 0, failureThreshold: 3, action: { signal: 'SIGABRT' } })
})

test('a value that is no address or URL is refused by name', () => {
  const env = { TEXT: { type: 'string', default: 'x' } }
  expect(() => specOf({ ready: { tcp: '@{nixpack:env.TEXT}' } }, { env })).toThrow('cannot tell when "p" is ready: expected host:port, got "x"')
  expect(() => specOf({ liveness: { http: '@{nixpack:env.TEXT}' } }, { env })).toThrow('expected a URL such as http://localhost:8000/, got "x"')
})

const LOG_DIR = '/home/me/.local/state/nixpack/demo/default/log'

test.each([
  ['x/y.log', `${LOG_DIR}/x/y.log`, LOG_DIR],
  ['@{nixpack:dir.log}/x/y.log', `${LOG_DIR}/x/y.log`, LOG_DIR],
  ['/elsewhere/y.log', '/elsewhere/y.log', undefined],
  ['../y.log', '/home/me/.local/state/nixpack/demo/default/y.log', undefined],
])('the log file %j has directories of ours only below dir.log', (file, path, belowDir) => {
  expect(instanceOf({ stdout: { file } }).stdout).toMatchObject({ path, belowDir })
})

test('hooks, streams and limits', () => {
  const planned = instanceOf({
    hooks: { beforeStart: { command: ['h', '@{nixpack:process.name}'], ignoreFailure: true, timeout: '1s' } },
    stdout: { file: '/log/x', maxBytes: '1MiB', backupCount: 2, rotateWhen: 'midnight', utc: true, timeFormat: '%F' },
    stderr: 'null',
    rlimits: { nofile: 10, core: 'unlimited', stack: '1:2' },
    umask: '027',
    nice: -5,
    oomScoreAdj: 100,
    program: '/bin/other',
  })
  expect(planned).toMatchObject({
    hooks: { beforeStart: { command: ['h', 'p'], ignoreFailure: true, timeoutMs: 1000 } },
    stdout: { path: '/log/x', maxBytes: 1_048_576, backupCount: 2, rotation: { when: 'midnight', interval: 1, utc: true }, timeFormat: '%F', utc: true },
    stderr: { kind: 'null' },
    run: { rlimits: ['nofile=10:10', 'core=unlimited:unlimited', 'stack=1:2'], umask: 0o27, nice: -5, oomScoreAdj: 100, program: '/bin/other' },
  })
})

test('another user brings its own home, declared variables win', () => {
  const parts = { processes: { p: { command: ['x'], user: 'www', environment: { SHELL: '/mine' } } } }
  const { identity, environment } = planFirst(parts, { uid: 0, environment: { HOME: '/root', USER: 'root', PATH: '/bin', TOKEN: 'x' } }).run
  expect(identity).toEqual({ uid: 33, gid: 33, groups: [33, 4, 105] })
  expect(environment).toEqual({ PATH: '/bin', HOME: '/var/www', USER: 'www', LOGNAME: 'www', SHELL: '/mine' })
})

test('with a copied environment, too', () => {
  const parts = { processes: { p: { command: ['x'], user: '5000', group: 0, copyEnv: true } } }
  expect(planFirst(parts, { uid: 0, environment: { HOME: '/root', USER: 'root', TOKEN: 'x' } }).run.environment).toEqual({ TOKEN: 'x', HOME: '/' })
})

test('an age may be longer than a timer can wait', () => {
  expect(specOf({ maxAge: '60d', maxAgeVariance: '30d' })).toMatchObject({ maxAgeMs: 60 * 86_400_000, maxAgeVarianceMs: 30 * 86_400_000 })
})

test('intervals and cron expressions', () => {
  const interval = specOf({ schedule: { interval: '90s', runOnStart: true } }).schedule
  expect([interval?.nextRunMs(1000), interval?.runOnStart, interval?.text]).toEqual([91_000, true, 'every 90s'])
  expect(specOf({ schedule: { interval: '30d' } }).schedule?.nextRunMs(0)).toBe(30 * 86_400_000)
  const cron = specOf({ schedule: { cron: '0 3 * * *', timeZone: 'Asia/Tokyo' } }).schedule
  expect([cron?.nextRunMs(0), cron?.text]).toEqual([18 * 3_600_000, '0 3 * * * (Asia/Tokyo)'])
})

test('a cron expression of the environment is checked before anything starts', () => {
  const env = { WHEN: { type: 'string', default: '0 3 * *' } }
  expect(() => specOf({ schedule: { cron: '@{nixpack:env.WHEN}' } }, { env })).toThrow('cannot schedule "p" at "0 3 * *": expected five fields')
  expect(() => specOf({ schedule: { cron: '@daily', timeZone: 'Mars/@{nixpack:env.WHEN}' } }, { env })).toThrow('there is no time zone "Mars/0 3 * *"')
})

test('files that are watched for changes; a bare name is looked for in the PATH', () => {
  const parts = { processes: { p: { command: ['x'], restartOnChange: ['known', 'unknown', 'etc/conf', '/a'] } } }
  const [spec] = planParts(parts, { environment: { PATH: 'relative:/bin:/usr/bin' } }).processes
  expect(spec?.restartOnChange).toEqual(['/usr/bin/known', '/w/etc/conf', '/a'])
})
