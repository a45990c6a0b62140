// What circus can be told and its tests do not ask: plugins, and options of watchers.
import { writeFileSync, renameSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:http'
import { createConnection, createServer as createSilentServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { freePort } from '../../helpers/bundle-process.ts'
import { createHost } from './daemon.ts'
import type { Host } from './daemon.ts'
import { assertDisjoint, isActive, spawnCount, waitForPids, waitForSpawns } from './expect.ts'

const KEEPER = '[watcher:keeper]\ncmd = sleep 1000\n'
const FOO = '[watcher:foo]\ncmd = sleep 1000\n'
const plugin = (use: string, lines: string): string => `[plugin:it]\nuse = circus.plugins.${use}\n${lines}\n`

const withHost = async (check: (host: Host) => Promise<void>): Promise<void> => {
  const host = createHost()
  try {
    await check(host)
  } finally {
    await host.dispose()
  }
}

test.concurrent('CommandReloader: a program that is replaced is restarted, also when only a link to it is another one', () =>
  withHost(async ({ up, write, dir }) => {
    for (const version of ['1', '2', '3']) write(`v${version}/program`, `#!/bin/sh\necho version ${version}\nexec sleep 1000\n`, 0o755)
    symlinkSync('v1', join(dir, 'current'))
    const daemon = await up(`${KEEPER}[watcher:foo]\ncmd = ${dir}/current/program\n${plugin('command_reloader.CommandReloader', '')}`)
    await daemon.sees(/version 1/)
    symlinkSync('v2', join(dir, 'next'))
    renameSync(join(dir, 'next'), join(dir, 'current'))
    await daemon.sees(/version 2/)
    renameSync(join(dir, 'v3/program'), join(dir, 'v2/program'))
    await daemon.sees(/version 3/)
    expect(spawnCount(daemon, 'keeper')).toBe(1)
  }))

test.concurrent('HttpObserver: who answers with an error is restarted', () =>
  withHost(async ({ up }) => {
    let status = 200
    const server = createServer((_request, response) => response.writeHead(status).end()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    try {
      const daemon = await up(
        `${KEEPER}${FOO}${plugin('http_observer.HttpObserver', `check_url = http://127.0.0.1:${port}/\nrestart_on_error = foo\nloop_rate = 0.2`)}`,
      )
      const before = await waitForPids(daemon, 'foo', 1)
      await once(server, 'request')
      expect(await daemon.pids('foo')).toEqual(before)
      status = 500
      await waitForSpawns(daemon, 'foo', 2)
      expect(spawnCount(daemon, 'keeper')).toBe(1)
    } finally {
      server.close()
    }
  }))

test.concurrent('RedisObserver: who takes no connections is restarted', () =>
  withHost(async ({ up }) => {
    const port = await freePort()
    const daemon = await up(
      `${KEEPER}${FOO}${plugin('redis_observer.RedisObserver', `redis_url = redis://127.0.0.1:${port}/0\nrestart_on_timeout = FOO\nloop_rate = 0.2`)}`,
    )
    await waitForSpawns(daemon, 'foo', 3)
    expect(spawnCount(daemon, 'keeper')).toBe(1)
  }))

test.concurrent('RedisObserver: who takes connections and does not answer PING is restarted', () =>
  withHost(async ({ up }) => {
    const server = createSilentServer((socket) => void socket.on('error', () => undefined)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    try {
      const daemon = await up(
        `${KEEPER}${FOO}${plugin('redis_observer.RedisObserver', `redis_url = redis://127.0.0.1:${port}\nrestart_on_timeout = foo\nloop_rate = 0.2\ntimeout = 0.1`)}`,
      )
      await waitForSpawns(daemon, 'foo', 2)
      expect(spawnCount(daemon, 'keeper')).toBe(1)
    } finally {
      server.close()
    }
  }))

test.concurrent('ResourceWatcher: who uses too much for too long is restarted', () =>
  withHost(async ({ up }) => {
    const daemon = await up(`${KEEPER}${FOO}${plugin('resource_watcher.ResourceWatcher', 'watcher = foo\nmax_mem = 100K\nmax_count = 1\nloop_rate = 0.1')}`)
    await waitForSpawns(daemon, 'foo', 3)
    expect(spawnCount(daemon, 'keeper')).toBe(1)
  }))

test.concurrent('WatchDog: a reload brings it', () =>
  withHost(async ({ up, write }) => {
    const port = await freePort()
    const daemon = await up(KEEPER + FOO)
    await waitForPids(daemon, 'foo', 1)
    write('circus.ini', `${KEEPER}${FOO}${plugin('watchdog.WatchDog', `watchers_regex = foo\nport = ${port}\nloop_rate = 0.2\nmax_count = 1`)}`)
    await daemon.reload()
    await daemon.event('who is silent is killed', ({ kind, process, text }) => kind === 'exited' && process === 'foo' && /SIGKILL/.test(text))
    expect(daemon.output()).toMatch(/"foo" \(pid \d+\) has sent no heartbeat for 0\.2 s: it is killed/)
  }))

test.concurrent('on_demand: the first connection starts it', () =>
  withHost(async ({ up, dir }) => {
    const daemon = await up(`${KEEPER}${FOO}on_demand = True\nuse_sockets = True\n[socket:a]\npath = a.sock\n`)
    await daemon.until('foo', 'it waits', ({ state }) => state === 'listening')
    const socket = createConnection({ path: join(dir, 'a.sock') })
    await once(socket, 'connect')
    await daemon.until('foo', 'it runs', isActive)
    expect(spawnCount(daemon, 'foo')).toBe(1)
    socket.destroy()
  }))

test.concurrent('send_hup: `reload` is a signal', () =>
  withHost(async ({ up, worker }) => {
    const daemon = await up(`[watcher:foo]\ncmd = ${worker} 0\nsend_hup = True\n`)
    await daemon.sees(/0:STARTED/)
    const before = await daemon.pids('foo')
    await daemon.ctl('reload', 'foo')
    await daemon.sees(/0:HUP/)
    expect(await daemon.pids('foo')).toEqual(before)
  }))

test.concurrent('stop_children: children get the stop signal, too', () =>
  withHost(async ({ up, worker }) => {
    const daemon = await up(`${KEEPER}[watcher:foo]\ncmd = ${worker} 0 children=2\nstop_signal = INT\nstop_children = True\n`)
    for (const name of ['0', '01', '02']) await daemon.sees(new RegExp(`\\b${name}:STARTED`))
    await daemon.ctl('stop', 'foo')
    for (const name of ['0', '01', '02']) await daemon.sees(new RegExp(`\\b${name}:INT`))
    expect(daemon.output()).not.toContain('SIGKILL')
  }))

test.concurrent('max_retry: a program that cannot be started is given up', () =>
  withHost(async ({ up }) => {
    const daemon = await up(`${KEEPER}[watcher:foo]\ncmd = /nonexistent/program\nmax_retry = 2\n`)
    const { reason } = await daemon.until('foo', 'it is given up', ({ state }) => state === 'failed')
    expect(reason).toMatch(/cannot run "\/nonexistent\/program": No such file/)
    expect(isActive(await daemon.process('keeper'))).toBe(true)
  }))

test.concurrent('without Flapping a watcher is never given up', () =>
  withHost(async ({ up }) => {
    const daemon = await up(`[circus]\ncheck_delay = 0.05\n${KEEPER}[watcher:foo]\ncmd = false\n`)
    await waitForSpawns(daemon, 'foo', 12)
    expect((await daemon.process('foo')).state).not.toBe('failed')
  }))

test.concurrent('executable, working_dir, shell_args: what is run, where, and with which words', () =>
  withHost(async ({ up, dir, write }) => {
    write('place/file', 'here\n')
    const daemon = await up(
      `[watcher:foo]\ncmd = renamed -c 'cat file; exec sleep 1000'\nexecutable = /bin/sh\nworking_dir = ${dir}/place\n[watcher:bar]\ncmd = echo "bar has $0 and $1"; exec sleep 1000\nshell = True\nshell_args = zero "one more"\n`,
    )
    await daemon.sees(/here/)
    const [said] = await daemon.sees(/bar has .*/)
    expect(said).toBe('bar has zero and one more')
  }))

test.concurrent('set: of flapping only what is named changes, and get finds it by the same names', () =>
  withHost(async ({ up }) => {
    const daemon = await up(`${FOO}flapping.attempts = 3\nflapping.window = 60\nrlimit_nofile = 99\n[watcher:my-db.1]\ncmd = sleep 1000\n`)
    const before = await waitForPids(daemon, 'foo', 1)
    await daemon.ctl('set', 'foo', 'flapping.retry_in', '3s', 'dependsOn.my-db.1=started', 'stop_signal', '2')
    expect(JSON.parse(await daemon.ctl('get', 'foo', 'flapping', 'rlimit_nofile', 'dependsOn', 'stop_signal', '--json'))).toEqual({
      flapping: { attempts: 3, window: '65s', retryIn: '3s', maxRetry: 5 },
      rlimit_nofile: 99,
      dependsOn: { 'my-db.1': 'started' },
      stop_signal: 'SIGINT',
    })
    expect(await daemon.pids('foo')).toEqual(before)
  }))

test.concurrent('stop: what has failed before is down already', () =>
  withHost(async ({ up }) => {
    const daemon = await up(`${KEEPER}${FOO}hooks.before_start = /bin/false\n`)
    await daemon.until('foo', 'it has failed', ({ state }) => state === 'failed')
    expect(await daemon.run('stop')).toMatchObject({ status: 0, stderr: '' })
    expect(await daemon.run('start', 'foo')).toMatchObject({ status: 1, stderr: expect.stringContaining('its hook beforeStart failed') })
  }))

test.concurrent('signal: who has it last, as circusctl does, is told', () =>
  withHost(async ({ run }) => {
    expect(await run(['signal', 'foo', 'USR1'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('expected the signal first, as in "signal USR1 foo"'),
    })
  }))

test.concurrent('a reload that cannot be read changes nothing', () =>
  withHost(async ({ up, write }) => {
    const daemon = await up(FOO)
    const before = await waitForPids(daemon, 'foo', 1)
    write('circus.ini', `${FOO}numprocesses = many\n`)
    const refused = await daemon.run('reloadconfig')
    expect(refused.status).not.toBe(0)
    expect(refused.stderr).toMatch(/circus\.ini:3: "numprocesses": expected a whole number.*CIRCUS_INVALID/s)
    expect(await daemon.pids('foo')).toEqual(before)
    write('circus.ini', FOO.replace('1000', '1001'))
    await daemon.reload()
    assertDisjoint(before, await waitForPids(daemon, 'foo', 1))
  }))

test.concurrent('warnings name file and line, what follows runs', () =>
  withHost(async ({ run, up, dir }) => {
    writeFileSync(join(dir, 'circus.ini'), '')
    expect(await run(['plan', '--circus', join(dir, 'circus.ini')])).toMatchObject({ status: 0, stderr: '' })
    const daemon = await up(`[circus]\nhttpd = True\n${FOO}numproceses = 2\n`)
    await waitForPids(daemon, 'foo', 1)
    expect(daemon.output()).toMatch(/circus\.ini:2: "httpd" has no effect: /)
    expect(daemon.output()).toMatch(/circus\.ini:5: unknown option "numproceses" of \[watcher:foo\] has no effect, did you mean "numprocesses"\?/)
  }))
