import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

import { readCircusFile } from '../../../runtime/circus/read-circus-file.ts'

const dir = mkdtempSync(join(tmpdir(), 'np-circus-'))
afterAll(() => rmSync(dir, { recursive: true }))

const USER = { PATH: '/usr/bin', HOME: '/home/me', GRAVITY: 'down' }

const read = (text: string, files: Readonly<Record<string, string>> = {}) => {
  const own = mkdtempSync(join(dir, 'case-'))
  for (const [name, content] of Object.entries({ ...files, 'circus.ini': text })) {
    mkdirSync(join(own, name, '..'), { recursive: true })
    writeFileSync(join(own, name), content)
  }
  const { declarations, warnings, files: readFiles } = readCircusFile(join(own, 'circus.ini'), { environment: USER, workingDir: '/srv' })
  const strip = (message: string): string => message.replaceAll(`${own}/`, '')
  return { ...declarations, warnings: warnings.map(strip), files: readFiles.map(strip) }
}

/** What a watcher with these lines becomes. */
const readWatcher = (lines: string, rest = '') => read(`[watcher:w]\n${lines}\n${rest}`)
const planned = (lines: string, rest = '') => readWatcher(lines, rest).processes?.['w']

test('a watcher of one line keeps the defaults of circus', () => {
  expect(read('[watcher:w]\ncmd = sleep 120')).toMatchObject({
    warnings: [],
    processes: {
      w: {
        command: ['sleep', '120'],
        environment: {},
        essential: false,
        restart: 'always',
        restartBurst: -1,
        restartDelayMax: '5000ms',
        stopChildren: false,
        gracefulTimeout: '30s',
        stdout: 'log',
        stderr: 'log',
      },
    },
  })
})

test.each([
  ['cmd = a b\nargs = "c d" e', { command: ['a', 'b', 'c d', 'e'] }],
  ['cmd = a | b $HOME\nargs = c\nshell = True', { command: ['/bin/sh', '-c', 'a | b $HOME c'] }],
  ['cmd = a\nshell = True\nshell_args = x "y z"', { command: ['/bin/sh', '-c', 'a', 'x', 'y z'] }],
  ['cmd = a $(circus.wid) ((CIRCUS.WID)) x$WID', { command: ['a', '@{nixpack:process.index}', '@{nixpack:process.index}', 'x@{nixpack:process.index}'] }],
  ['cmd = $(circus.env.gravity) $(circus.name) $(circus.numprocesses)\nnumprocesses = 3', { command: ['down', 'w', '3'], numprocesses: 3 }],
  ['cmd = a\nexecutable = /bin/b\nworking_dir = /srv', { program: '/bin/b', workingDirectory: '/srv' }],
  ['cmd = a\nuid = 1000\ngid = www', { user: 1000, group: 'www' }],
  ['cmd = a\ncopy_env = True\nautostart = false\nsingleton = 1\npriority = -3', { copyEnv: true, autostart: false, singleton: true, priority: -3 }],
  ['cmd = a\nstop_signal = int\ngraceful_timeout = 25.5\nstop_children = True', { stopSignal: 'SIGINT', gracefulTimeout: '25500ms', stopChildren: true }],
  ['cmd = a\nstop_signal = 3\nsend_hup = True', { stopSignal: 'SIGQUIT', reload: { signal: 'SIGHUP' } }],
  ['cmd = a\nrespawn = False\nmax_retry = -1\nwarmup_delay = 2', { restart: 'never', maxRetry: -1, warmupDelay: '2s' }],
  ['cmd = a\nmax_age = 60\nmax_age_variance = 5', { maxAge: '60s', maxAgeVariance: '5s' }],
  ['cmd = a\nrlimit_nofile = 500\nrlimit_CORE =\nrlimit_as = -1', { rlimits: { nofile: 500, core: 'unlimited', as: 'unlimited' } }],
  ['cmd = a\nstdout_stream.filename = /x\nclose_child_stderr = True', { stdout: { file: '/x', backupCount: 0 }, stderr: 'null' }],
  [
    'cmd = a\nstdout_stream.class = circus.stream.FileStream\nstdout_stream.filename = x$(circus.wid)\nstdout_stream.max_bytes = 100\nstdout_stream.time_format = %Y %%d',
    { stdout: { file: '/srv/x@{nixpack:process.index}', maxBytes: '100', timeFormat: '%Y %d' } },
  ],
  [
    'cmd = a\nstderr_stream.class = TimedRotatingFileStream\nstderr_stream.filename = x\nstderr_stream.rotate_when = MIDNIGHT\nstderr_stream.utc = True',
    { stderr: { file: '/srv/x', rotateWhen: 'midnight', rotateInterval: 1, utc: true } },
  ],
  ['cmd = a\nhooks.before_start = ./b c,d', { hooks: { beforeStart: { command: ['./b', 'c,d'], ignoreFailure: false } } }],
  ['cmd = a\nhooks.extended_stats = /b, True', { hooks: { extendedStats: { command: ['/b'], ignoreFailure: true } } }],
  ['cmd = a\nflapping.attempts = 3\nflapping.window = 0.5', { flapping: { attempts: 3, window: '5500ms', retryIn: '7s', maxRetry: 5 } }],
])('%j', (lines, expected) => {
  expect(planned(lines)).toMatchObject(expected)
})

test('sockets are passed all or none, by name in lower case', () => {
  const sockets = '[socket:Web]\nport = 80\n[socket:admin]\npath = /run/a.sock\numask = 077\ntype = SOCK_DGRAM'
  const result = readWatcher('cmd = a $(circus.sockets.WEB)\nuse_sockets = True\nstdin_socket = Admin', sockets)
  expect(result.sockets).toEqual({ web: { tcp: 'localhost:80' }, admin: { unixgram: '/run/a.sock', umask: '077' } })
  expect(result.processes?.['w']).toMatchObject({ command: ['a', '@{nixpack:socket.web.fd}'], sockets: ['web', 'admin'], stdin: { socket: 'admin' } })
  expect(planned('cmd = a', sockets)?.sockets).toEqual([])
  expect(readWatcher('cmd = a $(circus.sockets.web)', sockets).warnings).toEqual([expect.stringContaining('it is passed all the same')])
})

test('a socket whose name is another one here is found by the one that it has in the file', () => {
  const { processes, warnings } = readWatcher('cmd = a\nstdin_socket = My Sock', '[socket:my sock]\npath = /x')
  expect(processes?.['w']?.stdin).toEqual({ socket: 'my-sock' })
  expect(warnings).toEqual(['circus.ini:4: [socket:my sock] is called "my-sock" here'])
})

test.each([
  ['host = ::1\nfamily = AF_INET6', { tcp: '[::1]:8080' }],
  ['family = AF_INET6\nport = 1', { tcp: '[::1]:1' }],
  ['host = 0.0.0.0\nport = 0\nso_reuseport = True\nbacklog = 5\ninterface = eth0', { tcp: '0.0.0.0:0', reusePort: true, backlog: 5, interface: 'eth0' }],
  ['path = /a\nreplace = True', { unix: '/a', replace: true }],
])('a socket with %j', (lines, expected) => {
  expect(read(`[socket:s]\n${lines}`).sockets).toEqual({ s: expected })
})

test('environments: patterns, precedence, case, and variables of the user', () => {
  const { processes } = read(
    `[watcher:worker1]
cmd = a
[watcher:worker2]
cmd = $(circus.env.CAKE)
[env]
PATH = $PATH:/bin
CAKE = lie
both = env
[env:worker1,worker2]
both = pair
[env:worker*]
CAKE = $CAKE!
[env:worker2, nobody]
both = second
NONE = <$NONE>`,
  )
  expect(processes?.['worker1']?.environment).toEqual({ PATH: '/usr/bin:/bin', CAKE: 'lie!', both: 'pair' })
  expect(processes?.['worker2']?.environment).toEqual({ PATH: '/usr/bin:/bin', CAKE: 'lie!', both: 'second', NONE: '<>' })
  expect(processes?.['worker2']?.command).toEqual(['lie!'])
})

test('variables and defaults work in every section', () => {
  const { sockets, processes } = read(
    '[DEFAULT]\ncopy_env = True\nbase = /run\n[env]\nNAME = broken\n[socket:s]\npath = %(base)s/$(circus.env.NAME).sock\n[watcher:w]\ncmd = a 100%%',
  )
  expect(sockets).toEqual({ s: { unix: '/run/broken.sock' } })
  expect(processes?.['w']).toMatchObject({ copyEnv: true, environment: { NAME: 'broken' }, command: ['a', '100%'] })
})

test('includes are relative to the file, sorted, and may be missing', () => {
  const result = read('[circus]\ninclude = more/*.ini\n  none.ini\ninclude_dir = dir\n[watcher:w]\ncmd = first', {
    'more/b.ini': '[watcher:w]\ncmd = b\nargs = b\n[circus]\ninclude = ../never.ini',
    'more/a.ini': '[watcher:w]\nargs = a',
    'dir/c.ini': '[watcher:c]\ncmd = c',
    'dir/c.txt': '[watcher:d]\ncmd = d',
    'never.ini': '[watcher:never]\ncmd = x',
  })
  expect(result.files).toEqual(['circus.ini', 'more/a.ini', 'more/b.ini', 'dir/c.ini'])
  expect(Object.keys(result.processes ?? {})).toEqual(['w', 'c'])
  expect(result.processes?.['w']?.command).toEqual(['first', 'a'])
  expect(result.warnings).toEqual([
    'circus.ini:2: "none.ini" leads to no file; paths are relative to the directory of "circus.ini"',
    'more/b.ini:2: "cmd" of [watcher:w] is set already in circus.ini:6: the first one counts',
    'more/b.ini:3: "args" of [watcher:w] is set already in more/a.ini:2: the first one counts',
    'more/b.ini:5: "include" has no effect: only the first file can include others',
  ])
})

test('plugins become keys of the processes that they look after', () => {
  const result = read(`[watcher:Web]
cmd = a
flapping.attempts = 4
[watcher:other]
cmd = /bin/b
flapping.active = False
[circus]
check_delay = 1
umask = 2
pidfile = /run/x.pid
[plugin:f]
use = circus.plugins.flapping.Flapping
window = 2
max_retry = -1
[plugin:r]
use = circus.plugins.resource_watcher.ResourceWatcher
watcher = web
max_mem = 512M
min_cpu = 5
[plugin:h]
use = circus.plugins.http_observer.HttpObserver
check_url = http://127.0.0.1:1/
restart_on_error = web
loop_rate = 5
[plugin:redis]
use = circus.plugins.redis_observer.RedisObserver
redis_url = redis://:secret@db:6380/1
restart_on_timeout = other
[plugin:d]
use = circus.plugins.watchdog.WatchDog
watchers_regex = o.*
port = 1665
[plugin:c]
use = circus.plugins.command_reloader.CommandReloader`)
  expect(result.warnings).toEqual([])
  expect(result.pidFile).toBe('/run/x.pid')
  expect(result.heartbeats).toMatchObject([{ udp: '127.0.0.1:1665', processes: ['other'], interval: '60s', maxCount: 3 }])
  expect(result.processes?.['Web']).toMatchObject({
    umask: '002',
    flapping: { attempts: 4, window: '3s', retryIn: '7s', maxRetry: -1 },
    resources: { maxCpu: 90, minCpu: 5, maxMemory: '512MiB', maxCount: 4, children: false, interval: '60s' },
    liveness: { http: 'http://127.0.0.1:1/', interval: '5s', initialDelay: '5s', timeout: '10s', failureThreshold: 1 },
    restartOnChange: ['a'],
  })
  expect(result.processes?.['other']).toMatchObject({ liveness: { redis: 'db:6380' }, restartOnChange: ['/bin/b'] })
  expect(result.processes?.['other']).not.toHaveProperty('flapping')
})

test.each([
  ['[circus]\nendpoint = tcp://x', 'circus.ini:2: "endpoint" has no effect: the bundle is controlled by its own commands over a private Unix socket'],
  ['[watcher:w]\ncmd = a\nnumproceses = 2', 'circus.ini:3: unknown option "numproceses" of [watcher:w] has no effect, did you mean "numprocesses"?'],
  ['[watchr:w]\ncmd = a', 'circus.ini:1: unknown section [watchr:w] has no effect, did you mean "watcher"?'],
  ['[watcher:w]\ncmd = a\nvirtualenv = /v', 'circus.ini:3: "virtualenv" has no effect: set PATH and PYTHONPATH in an [env:NAME] section instead'],
  ['[watcher:w]\ncmd = a\nstdout_stream.class = my.Stream', 'circus.ini:3: "my.Stream" cannot run here: the stream goes to the log'],
  ['[plugin:x]\nuse = my.Plugin', 'circus.ini:1: [plugin:x] has no effect: "my.Plugin" is Python, which cannot run here'],
  ['[watcher:my app]\ncmd = a', 'circus.ini:1: [watcher:my app] is called "my-app" here'],
  [
    '[watcher:w]\ncmd = a\nhooks.after_stop = my.hook,true',
    'the Python function "my.hook" cannot be called here, and its failures are to be ignored: it is left out',
  ],
  ['[watcher:w]\ncmd = a\nargs = $(ENV.VAR)', '"$(ENV.VAR)" stays as it is: circus means "$(circus.ENV.VAR)"'],
  ['[watcher:w]\ncmd = a $(circus.env.NOPE)', '"$(circus.env.NOPE)" means nothing here: it stays as it is'],
  ['[env:nobody]\nA = 1', 'circus.ini:1: [env:nobody]: "nobody" fits no watcher'],
  ['[watcher:w]', 'circus.ini:1: [watcher:w] is empty and has no effect'],
  [
    '[watcher:w]\ncmd = a\nstdout_stream.filename = /x\nstdout_stream.rotate_when = D',
    'circus.ini:4: "stdout_stream.rotate_when" has no effect: unknown option of FileStream',
  ],
  [
    '[watcher:w]\ncmd = a\nclose_child_stderr = True\nstderr_stream.filename = /x',
    'circus.ini:4: "stderr_stream.filename" has no effect: close_child_stderr is True',
  ],
  ['[socket:s]\npath = /x\nport = 80', 'circus.ini:3: "port" has no effect: [socket:s] has a path'],
  ['[socket:s]\nport = 80\numask = 077', 'circus.ini:3: "umask" has no effect: [socket:s] has no path'],
  ['[circus]\ninclude = .', 'it cannot be included: EISDIR'],
  [
    '[plugin:a]\nuse = circus.plugins.flapping.Flapping\n[plugin:b]\nuse = circus.plugins.flapping.Flapping\nattempts = 9',
    'circus.ini:3: [plugin:b] has no effect: [plugin:a] says how Flapping works already',
  ],
])('%j is named in a warning', (text, warning) => {
  expect(read(text).warnings).toEqual([expect.stringContaining(warning)])
})

/** Forty keys, each twice the next one. */
const doubling = Array.from({ length: 40 }, (_, index) => `k${index} = %(k${index + 1})s%(k${index + 1})s\n`).join('') + 'k40 = x'

test.each([
  ['[watcher:w]\nnumprocesses = many', ['[watcher:w] has no cmd', '"numprocesses": expected a whole number, got "many"']],
  ['[watcher:w]\ncmd = a "b', ['circus.ini:2: "cmd": a quotation that does not end']],
  ['[watcher:w]\ncmd = a\nshell = maybe', ['circus.ini:3: "shell": expected True or False, got "maybe"']],
  ['[watcher:foo]\ncmd = a\n[watcher:Foo]\ncmd = b', ['circus.ini:3: [watcher:Foo] and [watcher:foo] have the same name']],
  ['[watcher:w]\ncmd = a\nhooks.before_start = my.hooks.wait', ['the Python function "my.hooks.wait" cannot be called here; give a command']],
  ['[watcher:w]\ncmd = a\nhooks.befor_start = /a', ['unknown hook "befor_start", did you mean "before_start"?']],
  ['[watcher:w]\ncmd = a\nrlimit_nofil = 1', ['"rlimit_nofil": no such resource limit, did you mean "rlimit_nofile"?']],
  ['[watcher:w]\ncmd = a\nstop_signal = FOO', ['"stop_signal": expected the name or the number of a signal, got "FOO"']],
  ['[watcher:w]\ncmd = a\nsingleton = True\nnumprocesses = 2', ['a singleton is 1 process, got 2']],
  ['[watcher:w]\ncmd = a\nstdin_socket = web', ['"stdin_socket": there is no [socket:web]']],
  ['[watcher:w]\ncmd = a\ngraceful_timeout = -1', ['"graceful_timeout": expected a number of seconds, got "-1"']],
  ['[socket:s]\ntype = SOCK_RAW\nport = 70000', ['expected SOCK_STREAM or SOCK_DGRAM, got "SOCK_RAW"', 'expected a number up to 65535, got 70000']],
  [
    '[watcher:web]\ncmd = a\n[plugin:r]\nuse = circus.plugins.resource_watcher.ResourceWatcher\nwatcher = wbe',
    ['there is no [watcher:wbe], did you mean "web"?'],
  ],
  ['[watcher:w]\ncmd = %(a)s\na = %(b)s\nb = x%(a)s', ['circus.ini:4: cannot resolve "%(a)s": it refers to itself']],
  [`[watcher:w]\ncmd = %(k0)s\n${doubling}`, ['become longer than 1000000 characters']],
  ['[watcher:w]\ncmd = %(nope)s', ['cannot resolve "%(nope)s": there is no "nope" in this section']],
])('%j is refused, with every problem and its line', (text, problems) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ code: 'CIRCUS_INVALID' }))
  for (const problem of problems) expect(() => read(text)).toThrow(expect.objectContaining({ message: expect.stringContaining(problem) }))
})

const repeated = Array.from({ length: 1500 }, (_, index) => `[watcher:w${index}]\ncmd = %(big)s\n`).join('')
const chain = Array.from({ length: 20_000 }, (_, index) => `k${index} = %(k${index + 1})s\n`).join('') + 'k20000 = x'

test.each([
  [
    'a value in many sections',
    `[DEFAULT]\nbig = ${'x'.repeat(1000)}\n${repeated}`,
    'circus.ini:2004: with "cmd", the values that are named by others become longer than 1000000 characters',
  ],
  ['a long chain of values', `[watcher:w]\ncmd = %(k0)s\n${chain}`, 'cannot resolve "%(k99)s": "cmd" leads to it through 100 others'],
])('%s is refused before it costs more', (_, text, problem) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ code: 'CIRCUS_INVALID', message: expect.stringContaining(problem) }))
})

test('bytes that are not UTF-8 are refused with their line, also in what is included', () => {
  const own = mkdtempSync(join(dir, 'case-'))
  writeFileSync(join(own, 'circus.ini'), '[circus]\ninclude = more.ini\n')
  writeFileSync(join(own, 'more.ini'), Buffer.from('[watcher:w]\ncmd = caf\u00e9\n', 'latin1'))
  expect(() => readCircusFile(join(own, 'circus.ini'), { environment: USER, workingDir: '/srv' })).toThrow(
    expect.objectContaining({ code: 'CIRCUS_INVALID', message: expect.stringContaining('more.ini:2: the line is not UTF-8') }),
  )
})

test('a file that is not there is named', () => {
  expect(() => readCircusFile(join(dir, 'none.ini'), { environment: USER, workingDir: '/srv' })).toThrow(
    expect.objectContaining({ code: 'CIRCUS_INVALID', message: `cannot use circus file "${join(dir, 'none.ini')}": it cannot be read` }),
  )
})
