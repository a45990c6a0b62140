// Behaviours 83 to 90: how a file is read.
import assert from 'node:assert/strict'
import { join } from 'node:path'

import { isActive, spawnCount, waitForPids } from './expect.ts'
import { freePort } from '../../helpers/bundle-process.ts'
import { assertRefused } from './expect.ts'
import type { Row } from './row.ts'

const KEEPER = '[watcher:keeper]\ncmd = sleep 1000\n'

const says = (name: string): string => `[watcher:${name}]\ncmd = /bin/sh -c 'echo "${name} <$PATH> <$CAKE> <$http_proxy> <$Both>"; exec sleep 1000'\n`

const watcher = (name: string, priority: number): string => `[watcher:${name}]\ncmd = sleep 1000\npriority = ${priority}\n`

export const CONFIG_ROWS: readonly Row[] = [
  {
    number: '83',
    behaviour: 'include takes patterns; one that finds nothing is a warning',
    circus: 'relative to the file',
    verdict: 'same',
    here: 'relative to the file; what it finds is sorted, so that the same value counts everywhere',
    async test({ up, write }) {
      write('more/a/one.ini', '[watcher:one]\ncmd = sleep 1000\n')
      write('more/b/two.ini', '[watcher:two]\ncmd = sleep 1000\n')
      write('dir/three.ini', '[watcher:three]\ncmd = sleep 1000\n')
      const daemon = await up(`[circus]\ninclude = more/*/*.ini nothing*.ini\ninclude_dir = dir\n${KEEPER}`)
      const { processes } = await daemon.status()
      assert.deepEqual(processes.map(({ name }) => name).toSorted(), ['keeper', 'one', 'three', 'two'])
      assert.match(daemon.output(), /circus\.ini:2: "nothing\*\.ini" leads to no file/)
    },
  },
  {
    number: '84',
    behaviour: 'sections [env:…] apply by pattern, later ones win, names keep their case',
    circus: 'fnmatch, in the order of the file',
    verdict: 'same',
    here: 'likewise; $NAME also knows what a section before has declared',
    async test({ up }) {
      const daemon = await up(
        `${says('worker1')}${says('worker2')}[env]\nPATH = $PATH:/extra\nBoth = env\n[env:worker1, worker2]\nCAKE = lie\nhttp_proxy = low\nBoth = pair\n[env:work*2]\nBoth = second\n[env:*1]\nCAKE = true\n`,
        { environment: { PATH: '/usr/bin:/bin' } },
      )
      await daemon.sees(/worker1 <\/usr\/bin:\/bin:\/extra> <true> <low> <pair>/)
      await daemon.sees(/worker2 <\/usr\/bin:\/bin:\/extra> <lie> <low> <second>/)
    },
  },
  {
    number: '85',
    behaviour: 'variables can be used in every section',
    circus: '$(circus.env.X) in [circus], sockets, plugins, watchers',
    verdict: 'same',
    here: 'likewise',
    async test({ up }) {
      const daemon = await up(
        '[circus]\npidfile = $(circus.env.WHAT).pid\n[env]\nWHAT = everywhere\n[socket:s]\npath = $(circus.env.WHAT).sock\n[watcher:foo]\ncmd = sleep $(circus.env.SECONDS)\nnumprocesses = $(circus.env.COUNT)\nstdout_stream.filename = $(circus.env.WHAT).log\nuse_sockets = True\n[plugin:f]\nuse = circus.plugins.flapping.Flapping\nattempts = $(circus.env.COUNT)\n',
        { environment: { SECONDS: '1000', COUNT: '2' } },
      )
      await waitForPids(daemon, 'foo', 2)
      assert.match(await daemon.ctl('listsockets'), /everywhere\.sock/)
      assert.match(await daemon.ctl('get', 'foo', 'flapping', '--json'), /"attempts": ?2/)
      assert.match(await daemon.ctl('get', 'foo', 'stdout_stream', '--json'), /everywhere\.log/)
    },
  },
  {
    number: '86',
    behaviour: 'who has the greater priority starts first',
    circus: '30, 20, 10; plugins are among them',
    verdict: 'same',
    here: '30, 20, 10; plugins are a part of the supervisor and there before',
    async test({ up }) {
      const daemon = await up(watcher('a', 10) + watcher('b', 30) + watcher('c', 20))
      await daemon.event('all were spawned', () => daemon.events.filter(({ kind }) => kind === 'spawned').length === 3)
      const starting = daemon.events.filter(({ kind, state }) => kind === 'state' && state === 'starting')
      assert.deepEqual(
        starting.map(({ process }) => process),
        ['b', 'c', 'a'],
      )
    },
  },
  {
    number: '87',
    behaviour: 'graceful_timeout may have decimals',
    circus: '25.5',
    verdict: 'same',
    here: '25.5 seconds',
    async test({ up }) {
      const daemon = await up('[watcher:foo]\ncmd = sleep 1000\ngraceful_timeout = 25.5\n')
      assert.equal(JSON.parse(await daemon.ctl('options', 'foo', '--json')).gracefulTimeout, '25500ms')
    },
  },
  {
    number: '88',
    behaviour: 'stop_signal by name',
    circus: 'in any case, with or without SIG, or by number',
    verdict: 'same',
    here: 'likewise; a misspelt one is refused with its line',
    async test({ up, worker, run, write }) {
      const path = write('bad.ini', '[watcher:foo]\ncmd = sleep 1\nstop_signal = SIGINTT\n')
      assertRefused(await run(['up', '--circus', path]), /bad\.ini:3: "stop_signal"/, 2)
      const daemon = await up(`${KEEPER}[watcher:foo]\ncmd = ${worker} 0\nstop_signal = int\n[watcher:bar]\ncmd = ${worker} 1\nstop_signal = 2\n`)
      for (const name of ['0', '1']) await daemon.sees(new RegExp(`\\b${name}:STARTED`))
      await daemon.ctl('stop', 'foo', 'bar')
      for (const name of ['0', '1']) await daemon.sees(new RegExp(`\\b${name}:INT`))
    },
  },
  {
    number: '89',
    behaviour: 'a file that does not exist is an error',
    circus: 'IOError',
    verdict: 'same',
    here: 'CIRCUS_INVALID, status 2; so is a broken one, with every line',
    async test({ run, write, dir }) {
      assertRefused(await run(['up', '--circus', join(dir, 'none.ini')]), /none\.ini": it cannot be read .*\[NIXPACK_CIRCUS_INVALID\]/, 2)
      const path = write('broken.ini', 'outside = 1\n[watcher:foo]\nno separator\n')
      const refused = await run(['up', '--circus', path])
      assertRefused(refused, /broken\.ini:1: a line before the first \[section\]/, 2)
      assertRefused(refused, /broken\.ini:3: expected KEY = VALUE/, 2)
    },
  },
  {
    number: '90',
    behaviour: 'the watchdog looks after the watchers that its pattern names',
    circus: 'who sends no "PID;TIME" by UDP in time gets SIGKILL',
    verdict: 'same',
    here: 'likewise; sd_notify with `liveness.watchdog` needs no port',
    async test({ up }) {
      const port = await freePort()
      const daemon = await up(
        `${KEEPER}[watcher:silent-foo]\ncmd = sleep 1000\n[watcher:loyal-foo]\ncmd = bash -c 'while :; do echo "$$;1" >/dev/udp/127.0.0.1/${port}; sleep 0.1; done'\n[plugin:dog]\nuse = circus.plugins.watchdog.WatchDog\nwatchers_regex = .*-foo\nport = ${port}\nloop_rate = 1\nmax_count = 2\n`,
      )
      const [loyal] = await waitForPids(daemon, 'loyal-foo', 1)
      const [keeper] = await waitForPids(daemon, 'keeper', 1)
      await daemon.event('who is silent is killed', ({ kind, process, text }) => kind === 'exited' && process === 'silent-foo' && /SIGKILL/.test(text))
      await daemon.event('and started again', () => spawnCount(daemon, 'silent-foo') >= 2)
      await daemon.event('and killed again', () => daemon.events.filter(({ kind, process }) => kind === 'exited' && process === 'silent-foo').length >= 2)
      assert.deepEqual(await daemon.pids('loyal-foo'), [loyal])
      assert.deepEqual(await daemon.pids('keeper'), [keeper])
      assert.ok(isActive(await daemon.process('loyal-foo')))
    },
  },
]
