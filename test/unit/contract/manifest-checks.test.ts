// One row per rule: what is wrong, and what is said about it. What is right stands in the last table.
import { expect, test } from 'vitest'
import { createManifest } from '../../helpers/manifest.ts'

type Parts = Readonly<Record<string, unknown>>

const problemsOf = (parts: Parts): string => {
  try {
    createManifest(parts)
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const process = (declaration: Parts, others: Parts = {}): Parts => ({ processes: { a: { command: ['/bin/true'], ...declaration } }, ...others })
const two = (a: Parts, b: Parts, others: Parts = {}): Parts => ({ processes: { a: { command: ['x'], ...a }, b: { command: ['x'], ...b } }, ...others })
const SOCKETS = { sockets: { web: { tcp: ':80' }, path: { unix: '/s' }, shared: { tcp: ':81', reusePort: true } } }
const ENV = { env: { S: { type: 'secret' }, PORT: { type: 'port', default: 1 }, TEXT: { type: 'string' } } }

test.each<[Parts, string]>([
  [
    process({ startup: { tcp: ':1', path: '/x' } }),
    'processes.a.startup: expected exactly one of "tcp", "unix", "http", "exec", "logLine", "notify", "fd" and "path", got "tcp" and "path"',
  ],
  [process({ ready: {} }), 'processes.a.ready: expected exactly one of'],
  [
    process({ liveness: { tcp: ':1', watchdog: '1s' } }),
    'processes.a.liveness: expected exactly one of "tcp", "unix", "http", "exec", "redis" and "watchdog", got',
  ],
  [process({ schedule: { cron: '@daily', interval: '1h' } }), 'processes.a.schedule: expected exactly one of "cron" and "interval"'],
  [process({ schedule: {} }), 'processes.a.schedule: expected exactly one of'],
  [{ sockets: { s: { tcp: ':1', unix: '/x' } } }, 'sockets.s: expected exactly one of "tcp", "udp", "unix" and "unixgram"'],
  [{ sockets: { s: {} } }, 'sockets.s: expected exactly one of'],
])('alternatives exclude each other: %j', (parts, problem) => {
  expect(problemsOf(parts)).toContain(problem)
})

test.each<[Parts, string]>([
  [process({ sockets: ['wbe'] }, SOCKETS), 'processes.a.sockets: unknown socket "wbe", did you mean "web"?'],
  [process({ stdin: { socket: 'wbe' } }, SOCKETS), 'processes.a.stdin.socket: unknown socket "wbe", did you mean "web"?'],
  [process({ dependsOn: { aa: { restart: true } } }), 'processes.a.dependsOn: unknown process "aa", did you mean "a"?'],
  [{ tasks: { t: { command: ['x'], dependsOn: { a: 'ready' } } } }, 'tasks.t.dependsOn: unknown process "a"'],
  [process({ stopSignal: 'SIGTRM' }), 'processes.a.stopSignal: no such signal "SIGTRM", did you mean "SIGTERM"?'],
  [process({ stopSignals: [{ signal: 'SIGQIT', wait: '1s' }] }), 'processes.a.stopSignals.0.signal: no such signal "SIGQIT", did you mean "SIGQUIT"?'],
  [process({ reload: { signal: 'SIGHPU' } }), 'processes.a.reload.signal: no such signal "SIGHPU", did you mean "SIGHUP"?'],
  [process({ liveness: { tcp: ':1', action: { signal: 'SIGUSR3' } } }), 'processes.a.liveness.action.signal: no such signal "SIGUSR3", did you mean'],
  [process({ resources: { maxCpu: 1, action: { signal: 'SIGUSR3' } } }), 'processes.a.resources.action.signal: no such signal'],
  [process({ restartStatuses: ['SIGSEVG'] }), 'processes.a.restartStatuses: no such signal "SIGSEVG", did you mean "SIGSEGV"?'],
  [
    process({ schedule: { cron: '@daily', timeZone: 'Europe/Berln' } }),
    'processes.a.schedule.timeZone: unknown time zone "Europe/Berln", did you mean "Europe/Berlin"?',
  ],
  [process({ schedule: { cron: '@dayly' } }), 'processes.a.schedule.cron: unknown macro "@dayly", did you mean "@daily"?'],
  [process({ hooks: { beforStart: { command: ['x'] } } }), 'processes.a.hooks: unknown key "beforStart", did you mean "beforeStart"?'],
  [process({ rlimits: { nofil: 1 } }), 'processes.a.rlimits: unknown key "nofil", did you mean "nofile"?'],
  [process({ resources: { maxCup: 1 } }), 'processes.a.resources: unknown key "maxCup", did you mean "maxCpu"?'],
  [process({ liveness: { action: { sigal: 'SIGHUP' } } }), 'processes.a.liveness.action: unknown key "sigal", did you mean "signal"?'],
  [process({ stdout: { file: 'x', maxByte: '1kB' } }), 'processes.a.stdout: unknown key "maxByte", did you mean "maxBytes"?'],
  [process({ flapping: { atempts: 1 } }), 'processes.a.flapping: unknown key "atempts", did you mean "attempts"?'],
  [process({ stopSignals: [{ signal: 'SIGHUP', wiat: '1s' }] }), 'processes.a.stopSignals.0: unknown key "wiat", did you mean "wait"?'],
  [{ sockets: { s: { tpc: ':1' } } }, 'sockets.s: unknown key "tpc", did you mean "tcp"?'],
  [{ tasks: { t: { comand: [] } } }, 'tasks.t: unknown key "comand", did you mean "command"?'],
  [{ heartbeats: [{ upd: ':1' }] }, 'heartbeats.0: unknown key "upd", did you mean "udp"?'],
  [{ heartbeats: [{ udp: ':1', processes: ['a'] }] }, 'heartbeats.0.processes: unknown process "a"'],
  [{ exitPolicy: { proces: 'a' } }, 'exitPolicy: unknown key "proces", did you mean "process"?'],
])('unknown names come with the nearest: %j', (parts, problem) => {
  expect(problemsOf(parts)).toContain(problem)
})

test.each<[Parts, string]>([
  [
    process({ command: ['@{nixpack:socket.wbe.fd}'] }, SOCKETS),
    'processes.a.command.0: unknown socket "wbe", did you mean "web"? in "@{nixpack:socket.wbe.fd}"',
  ],
  [process({ command: ['@{nixpack:socket.web.fd}'] }, SOCKETS), '".fd" of a socket that is not passed to it: name "web" in its "sockets"'],
  [process({ command: ['@{nixpack:socket.web.prot}'] }, SOCKETS), 'malformed placeholder'],
  [process({ command: ['@{nixpack:socket.web.path}'] }, SOCKETS), '".path" of a socket that has none'],
  [process({ command: ['@{nixpack:socket.path.port}'] }, SOCKETS), '".port" of a socket that has none'],
  [process({ command: ['@{nixpack:process.idnex}'] }), 'unknown fact about a process "idnex", did you mean "index"?'],
  [process({ command: ['@{nixpack:dir.sttae}'] }), 'unknown directory "sttae", did you mean "state"?'],
  [{ files: { f: { text: '@{nixpack:process.index}' } } }, 'files.f: no single process is meant here'],
  [{ files: { f: { text: '@{nixpack:env.PORT|offset}' } }, ...ENV }, 'files.f: "offset" where no single process is meant'],
  [{ files: { f: { text: '@{nixpack:socket.s.port}' } }, sockets: { s: { tcp: ':0' } } }, 'files are written before the kernel has chosen a port'],
  [
    process({ environment: { A: '@{nixpack:env.TEXT|offset}' } }, ENV),
    'processes.a.environment.A: "offset" of something that is neither a port nor a whole number',
  ],
  [{ sockets: { s: { unix: '@{nixpack:socket.s.path}' } } }, 'sockets.s.unix: a socket cannot refer to sockets'],
  [{ sockets: { s: { unix: '@{nixpack:process.name}' } } }, 'sockets.s.unix: no single process is meant here'],
  [process({ startup: { http: 'http://@{nixpack:env.PROT}/' } }, ENV), 'processes.a.startup.http: unknown variable "PROT", did you mean "PORT"?'],
  [process({ hooks: { afterStop: { command: ['x', '@{nixpack:file.f}'] } } }), 'processes.a.hooks.afterStop.command.1: unknown file "f"'],
  [process({ stdout: { file: '@{nixpack:dir.lgo}/x' } }), 'processes.a.stdout.file: unknown directory "lgo", did you mean "log"?'],
  [process({ program: '@{nixpack:env.X}' }), 'processes.a.program: unknown variable "X"'],
  [process({ user: '@{nixpack:env.X}' }), 'processes.a.user: unknown variable "X"'],
  [process({ groups: ['@{nixpack:env.X}'] }), 'processes.a.groups: unknown variable "X"'],
  [{ tasks: { t: { command: ['@{nixpack:env.X}'] } } }, 'tasks.t.command.0: unknown variable "X"'],
  [{ circusIni: '@{nixpack:dir.run}/circus.ini' }, 'circusIni: it is read before anything has a value'],
  [{ pidFile: '@{nixpack:dir.rnu}/x' }, 'top level.pidFile: unknown directory "rnu", did you mean "run"?'],
])('placeholders mean something where they stand: %j', (parts, problem) => {
  expect(problemsOf(parts)).toContain(problem)
})

const SECRET = '@{nixpack:env.S}'

test.each<[Parts]>([
  [process({ command: ['x', `-p${SECRET}`] }, ENV)],
  [process({ program: SECRET }, ENV)],
  [process({ hooks: { beforeStart: { command: ['x', SECRET] } } }, ENV)],
  [process({ startup: { exec: ['x', SECRET] } }, ENV)],
  [process({ ready: { http: `http://x:${SECRET}@localhost/` } }, ENV)],
  [process({ liveness: { http: `http://localhost/?key=${SECRET}` } }, ENV)],
  [process({ stdout: { file: `/x/${SECRET}` } }, ENV)],
  [process({ restartOnChange: [SECRET] }, ENV)],
  [{ tasks: { t: { command: [SECRET] } }, ...ENV }],
  [{ sockets: { s: { unix: `/x/${SECRET}` } }, ...ENV }],
])('a secret stays where nobody else can see it: %j', (parts) => {
  expect(problemsOf(parts)).toContain('the secret "S" would be visible')
})

test.each<[Parts, string]>([
  [process({ singleton: true, numprocesses: 2 }), 'processes.a.numprocesses: there can be one of a "singleton", not 2'],
  [process({ onDemand: true }), 'processes.a: "onDemand" needs "sockets"'],
  [process({ onDemand: true, sockets: ['shared'] }, SOCKETS), 'processes.a: "onDemand" needs a socket without "reusePort"'],
  [process({ onDemand: true, sockets: ['web'], schedule: { interval: '1h' } }, SOCKETS), 'processes.a: expected "schedule" or "onDemand", not both'],
  [process({ onDemand: true, sockets: ['web'], oneshot: true }, SOCKETS), 'processes.a: expected "oneshot" or "onDemand", not both'],
  [process({ sockets: ['web', 'web'] }, SOCKETS), 'processes.a.sockets: "web" is passed twice'],
  [process({ startup: { notify: true }, ready: { notify: true } }), 'processes.a: "notify" is told once'],
  [process({ startup: { fd: 3 }, ready: { fd: 4 } }), 'processes.a: there can be one "fd"'],
  [process({ ready: { fd: 3 }, sockets: ['web', 'path'] }, SOCKETS), 'processes.a: descriptors 3 to 4 are its sockets, so "fd" cannot be one of them'],
  [process({ ready: { notify: true, recheck: '1s' } }), 'processes.a.ready.recheck: "notify", "fd" and "logLine" cannot be asked again'],
  [process({ ready: { tcp: ':1', interval: '2m' } }), 'processes.a.ready: asked every 2m, but given up after 60s'],
  [process({ oneshot: true, restart: 'always' }), 'processes.a: a "oneshot" ends when its work is done'],
  [process({ schedule: { interval: '1h' }, restart: 'always' }), 'processes.a: what is restarted always has no use for a "schedule"'],
  [process({ schedule: { interval: '1h', timeZone: 'UTC' } }), 'processes.a.schedule.timeZone: it belongs to "cron"'],
  [process({ restartStatuses: [3, 'SIGHUP'], preventStatuses: ['SIGHUP', 4] }), 'processes.a: SIGHUP is in restartStatuses and in preventStatuses'],
  [two({ restart: 'always' }, { dependsOn: { a: 'completed_successfully' } }), 'processes.b.dependsOn.a: it never completes, as it is restarted always'],
  [two({ dependsOn: { b: { restart: true } } }, { dependsOn: { a: {} } }), '"a" depends on "b" depends on "a": a cycle'],
  [{ env: { NIXPACK_X: { type: 'string' } } }, 'env.NIXPACK_X: names that start with NIXPACK_ are reserved'],
  [process({ environment: { INVOCATION_ID: 'x' } }), 'processes.a.environment.INVOCATION_ID: this variable is set by the supervisor'],
  [process({ environment: { NOTIFY_SOCKET: 'x' }, ready: { notify: true } }), 'processes.a.environment.NOTIFY_SOCKET: this variable is set'],
  [process({ environment: { LISTEN_FDS: 'x' }, sockets: ['web'] }, SOCKETS), 'processes.a.environment.LISTEN_FDS: this variable is set'],
  [{ sockets: { s: { tcp: ':1', mode: '600' } } }, 'sockets.s.mode: it belongs to "unix" and "unixgram"'],
  [{ sockets: { s: { unix: '/x', reusePort: true } } }, 'sockets.s.reusePort: it belongs to "tcp" and "udp"'],
  [{ heartbeats: [{ udp: ':1', processes: [], pattern: 'x' }] }, 'heartbeats.0.pattern: it has no group named "pid"'],
])('what excludes each other is refused: %j', (parts, problem) => {
  expect(problemsOf(parts)).toContain(problem)
})

test.each<[Parts, string]>([
  [{ env: { A: { type: 'integer', min: 2, max: 1 } } }, 'env.A: min, 2, is above max, 1'],
  [process({ resources: {} }), 'processes.a.resources: expected at least one of'],
  [process({ resources: { minMemory: '2MB', maxMemory: '1MB' } }), 'processes.a.resources: minMemory, 2MB, is above maxMemory, 1MB'],
  [process({ resources: { minMemory: '20%', maxMemory: '10%' } }), 'processes.a.resources: minMemory, 20%, is above maxMemory, 10%'],
  [process({ resources: { minCpu: 2, maxCpu: 1 } }), 'processes.a.resources: minCpu, 2, is above maxCpu, 1'],
  [process({ resources: { maxMemory: '101%' } }), 'processes.a.resources.maxMemory: expected a share from above 0% to 100%, got 101%'],
  [process({ resources: { maxMemory: '0' } }), 'processes.a.resources.maxMemory: expected more than 0'],
  [process({ resources: { maxCpu: -1 } }), 'processes.a.resources.maxCpu: expected 0 or more'],
  [process({ resources: { maxCpu: 0 } }), 'processes.a.resources.maxCpu: expected more than 0'],
  [process({ rlimits: { nofile: '2:1' } }), 'processes.a.rlimits.nofile: the soft limit is above the hard one'],
  [process({ rlimits: { nofile: 'unlimited:1' } }), 'processes.a.rlimits.nofile: the soft limit is above the hard one'],
  [process({ restartDelay: '1m' }), 'processes.a.restartDelay: 1m is above restartDelayMax, 30s'],
  [process({ ready: { tcp: ':1', interval: '0s' } }), 'processes.a.ready.interval: expected more than 0s'],
  [process({ liveness: { redis: 'nowhere' } }), 'processes.a.liveness.redis: expected host:port or /path'],
  [process({ liveness: { watchdog: '0s' } }), 'processes.a.liveness.watchdog: expected more than 0s'],
  [process({ schedule: { interval: '0s' } }), 'processes.a.schedule.interval: expected more than 0s'],
  [process({ maxAge: '0s' }), 'processes.a.maxAge: expected more than 0s'],
  [process({ flapping: { window: '0s' } }), 'processes.a.flapping.window: expected more than 0s'],
  [process({ log: { lineMax: '0' } }), 'processes.a.log.lineMax: expected more than 0'],
  [process({ stdout: { file: 'x', maxBytes: '0' } }), 'processes.a.stdout.maxBytes: expected more than 0'],
  [process({ hooks: { afterStop: { command: ['x'], timeout: '0s' } } }), 'processes.a.hooks.afterStop.timeout: expected more than 0s'],
  [process({ schedule: { cron: '0 0 30 2 *' } }), 'processes.a.schedule.cron: no month among them has day 30'],
  [process({ ready: { tcp: 'nonsense' } }), 'processes.a.ready.tcp: expected host:port'],
  [process({ ready: { http: 'localhost' } }), 'processes.a.ready.http: expected a URL'],
  [{ sockets: { s: { udp: '80' } } }, 'sockets.s.udp: expected host:port'],
  [{ sockets: { s: { unix: `/${'x'.repeat(107)}` } } }, "sockets.s.unix: a socket's path has at most 107 bytes"],
  [process({ numprocesses: 1001 }), 'processes.a.numprocesses: expected at most 1000'],
  [process({ nice: 20 }), 'processes.a.nice: expected 19 or less'],
  [process({ oomScoreAdj: -1001 }), 'processes.a.oomScoreAdj: expected -1000 or more'],
  [process({ umask: '888' }), 'processes.a.umask: expected three octal digits'],
  [process({ successStatuses: [256] }), 'processes.a.successStatuses.0: expected an exit status from 0 to 255'],
  [process({ user: {} }), 'processes.a.user: expected a name or a number'],
])('impossible limits are refused: %j', (parts, problem) => {
  expect(problemsOf(parts)).toContain(problem)
})

test.each<[Parts, string]>([
  [
    two({ ready: { tcp: 'localhost:80' } }, { ready: { tcp: '127.0.0.1:80' } }),
    'processes.b.ready.tcp: processes.a.ready.tcp has the same address, "127.0.0.1:80"',
  ],
  [two({ ready: { tcp: ':80' } }, { startup: { tcp: '[::1]:80' } }), 'processes.b.startup.tcp: processes.a.ready.tcp has the same address'],
  [two({ ready: { unix: '/s' } }, { ready: { unix: '/s' } }), 'processes.b.ready.unix: processes.a.ready.unix has the same address, "/s"'],
  [
    two({ ready: { tcp: ':@{nixpack:env.PORT}' } }, { ready: { tcp: ':@{nixpack:env.PORT}' } }, ENV),
    'processes.b.ready.tcp: processes.a.ready.tcp has the same address',
  ],
  [{ sockets: { s: { tcp: '127.0.0.1:80' }, t: { tcp: '0.0.0.0:80' } } }, 'sockets.t.tcp: sockets.s.tcp has the same address, "0.0.0.0:80"'],
  [{ sockets: { s: { unix: '/s' }, t: { unixgram: '/s' } } }, 'sockets.t.unix: sockets.s.unix has the same address'],
  [
    { sockets: { s: { udp: ':53' } }, heartbeats: [{ udp: 'localhost:53', processes: [] }] },
    'heartbeats.0.udp: sockets.s.udp has the same address, "localhost:53"',
  ],
  [process({ ready: { tcp: 'localhost:80' } }, SOCKETS), 'processes.a.ready.tcp: sockets.web.tcp has the same address'],
  [two({ stdout: { file: '/x' } }, { stderr: { file: '/x', maxBytes: '1MB' } }), 'processes.b.stderr: processes.a.stdout has "/x" rotated in another way'],
  [process({ stdout: { file: '/x' }, stderr: { file: '/x', backupCount: 2 } }), 'processes.a.stderr: processes.a.stdout has "/x" rotated in another way'],
])('two that want the same are both named: %j', (parts, problem) => {
  expect(problemsOf(parts)).toContain(problem)
})

test.each<[Parts]>([
  [two({ ready: { tcp: ':80' }, sockets: ['web'] }, { ready: { tcp: ':80' }, sockets: ['web'] }, SOCKETS)],
  [two({ ready: { tcp: ':0@{nixpack:env.PORT|offset}' } }, { ready: { tcp: '127.0.0.2:80' } }, ENV)],
  [two({ ready: { tcp: '127.0.0.1:80' } }, { ready: { tcp: '127.0.0.2:80' } })],
  [{ sockets: { s: { tcp: ':0' }, t: { tcp: ':0' }, u: { udp: ':53' }, v: { tcp: ':53' } } }],
  [process({ stdout: { file: '/x' }, stderr: { file: '/x' } })],
  [two({ stdout: { file: '/x', maxBytes: '1MB' } }, { stdout: { file: '/x', maxBytes: '1MB', timeFormat: '%F' } })],
  [two({ stdout: { file: '@{nixpack:process.name}.log' } }, { stdout: { file: '@{nixpack:process.name}.log', maxBytes: '1MB' } })],
  [process({ restart: 'never', flapping: {} })],
  [process({ onDemand: true, sockets: ['web'], command: ['x', '@{nixpack:socket.web.fd}', '@{nixpack:socket.path.path}'] }, SOCKETS)],
  [process({ environment: { TOKEN: SECRET }, ready: { http: 'http://:8000/x' } }, ENV)],
  [process({ schedule: { cron: '@{nixpack:env.TEXT}', timeZone: 'UTC' }, oneshot: true }, ENV)],
  [{ circusIni: '/nix/store/x-circus.ini', exitPolicy: { process: 'fromThere' } }],
  [process({ circusIni: undefined, sockets: ['fromThere'], dependsOn: { fromThere: 'ready' } }, { circusIni: '/nix/store/x-circus.ini' })],
  [two({}, { dependsOn: { a: { condition: 'started', restart: true } } })],
])('what can be meant is accepted: %j', (parts) => {
  expect(problemsOf(parts)).toBe('')
})

test('all problems of all places are told at once', () => {
  const text = problemsOf({
    sockets: { s: {} },
    tasks: { t: { command: ['@{nixpack:env.X}'] } },
    ...process({ ready: {}, stopSignal: 'SIGXX', schedule: { cron: 'x' } }),
  })
  for (const place of ['sockets.s:', 'tasks.t.command.0:', 'processes.a.ready:', 'processes.a.stopSignal:', 'processes.a.schedule.cron:']) {
    expect(text).toContain(`\n  - ${place}`)
  }
})
