// Behaviours 32 to 46: what becomes of the processes of a watcher, and the hooks around them.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

import type { Host } from './daemon.ts'
import { assertDisjoint, assertRefused, assertState, isActive, isAlive, spawnCount, waitForPids, waitForText } from './expect.ts'
import type { Row } from './row.ts'

const KEEPER = '[watcher:keeper]\ncmd = sleep 1000\n'
const FAILS = '#!/bin/sh\necho "$NIXPACK_HOOK fails"\nexit 1\n'

const flaky = (name: string, hook: string): string =>
  `[watcher:${name}]\ncmd = sleep 1000\nautostart = False\n${hook}\nflapping.attempts = 1\nflapping.max_retry = 0\n`

/** A start whose hook fails in each of the ways there are; the value tells whether the program has been started before. */
const testFailingHooks = async ({ up, write }: Host, hooks: Readonly<Record<string, boolean>>): Promise<void> => {
  const fails = write('fails', FAILS, 0o755)
  const watchers = Object.keys(hooks).flatMap((hook) => [
    flaky(`${hook}-fails`, `hooks.${hook} = ${fails}`),
    flaky(`${hook}-missing`, `hooks.${hook} = /nonexistent/hook`),
    flaky(`${hook}-ignored`, `hooks.${hook} = ${fails}, True`),
  ])
  const daemon = await up(KEEPER + watchers.join(''))
  for (const [hook, ran] of Object.entries(hooks)) {
    for (const name of [`${hook}-fails`, `${hook}-missing`]) {
      await daemon.run('start', name)
      const { instances } = await daemon.until(name, 'it is down', ({ state }) => state === 'stopped' || state === 'failed')
      assert.deepEqual(
        instances.flatMap(({ pid }) => pid ?? []),
        [],
      )
      assert.equal(spawnCount(daemon, name) > 0, ran, `${name}: whether it ran`)
    }
    await daemon.ctl('start', `${hook}-ignored`)
    assert.ok(isActive(await daemon.process(`${hook}-ignored`)))
  }
}

export const WATCHER_ROWS: readonly Row[] = [
  {
    number: '32',
    behaviour: '`decr` never goes below none',
    circus: '`decr 100` → 0, `incr` → 1',
    verdict: 'same',
    here: '`decr foo 100` → 0, `incr foo` → 1',
    async test({ up }) {
      const daemon = await up(`${KEEPER}[watcher:foo]\ncmd = sleep 1000\nnumprocesses = 3\n`)
      await waitForPids(daemon, 'foo', 3)
      await daemon.ctl('decr', 'foo', '100')
      assert.deepEqual(await daemon.pids('foo'), [])
      await daemon.ctl('incr', 'foo')
      assert.equal((await daemon.pids('foo')).length, 1)
    },
  },
  {
    number: '33',
    behaviour: 'a process that is killed is replaced',
    circus: 'at the next check, up to 5 s later',
    verdict: 'better',
    here: 'at once: its end is an event',
    async test({ up }) {
      const daemon = await up('[watcher:foo]\ncmd = sleep 1000\nnumprocesses = 3\n')
      const before = await waitForPids(daemon, 'foo', 3)
      process.kill(before[1] ?? 0, 'SIGKILL')
      await daemon.event('it was killed', ({ kind, pid }) => kind === 'exited' && pid === before[1])
      const after = await waitForPids(daemon, 'foo', 3)
      assert.deepEqual([after[0], after[2]], [before[0], before[2]])
      assertDisjoint([before[1] ?? 0], after)
    },
  },
  {
    number: '34',
    behaviour: 'a process that vanishes is replaced under its number',
    circus: 'the wid is used again',
    verdict: 'same',
    here: 'the index is used again',
    async test({ up }) {
      const daemon = await up('[watcher:foo]\ncmd = /bin/sh -c "echo I am $(circus.wid) as $$; exec sleep 1000"\nnumprocesses = 2\n')
      const before = await waitForPids(daemon, 'foo', 2)
      await daemon.sees(/I am 2 as/)
      process.kill(before[1] ?? 0, 'SIGKILL')
      await daemon.sees(new RegExp(`I am 2 as (?!${before[1]}\\b)\\d+`))
      const { instances } = await daemon.until('foo', 'two instances', (status) => status.instances.filter(({ pid }) => pid !== null).length === 2)
      assert.deepEqual(
        instances.map(({ index }) => index).toSorted((left, right) => left - right),
        [1, 2],
      )
    },
  },
  {
    number: '35',
    behaviour: '`stats` tells command lines; extended statistics only when they are asked for',
    circus: 'cmdline; `--extended` adds what the hook extended_stats says',
    verdict: 'same',
    here: '`stats --json`, `stats --extended --json`',
    async test({ up, write }) {
      const hook = write('extended', '#!/bin/sh\necho \'{"answer": 42}\'\n', 0o755)
      const daemon = await up(`[watcher:foo]\ncmd = sleep 1234\nhooks.extended_stats = ${hook}\n`)
      await waitForPids(daemon, 'foo', 1)
      const short = await daemon.ctl('stats', '--json')
      assert.match(short, /1234/)
      assert.doesNotMatch(short, /"answer"/)
      assert.match(await daemon.ctl('stats', '--extended', '--json', 'foo'), /"answer": ?42/)
    },
  },
  {
    number: '36',
    behaviour: 'max_age replaces every process in time',
    circus: '`set max_age 1` replaces 15 workers',
    verdict: 'same',
    here: '`set foo max_age 1`; each instance has its own time',
    async test({ up }) {
      const daemon = await up('[watcher:foo]\ncmd = sleep 1000\nnumprocesses = 15\n')
      const before = await waitForPids(daemon, 'foo', 15)
      await daemon.ctl('set', 'foo', 'max_age=1', 'max_age_variance=0')
      // The option itself has replaced them once.
      const young = await waitForPids(daemon, 'foo', 15)
      await daemon.until('foo', 'fifteen others', ({ instances }) => {
        const pids = instances.flatMap(({ pid }) => (pid === null ? [] : [pid]))
        return pids.length === 15 && pids.every((pid) => !young.includes(pid))
      })
      assert.deepEqual([...before, ...young].filter(isAlive), [])
    },
  },
  {
    number: '37',
    behaviour: 'copy_env copies and merges the environment; without it only what is declared is there',
    circus: 'an empty environment but for [env]',
    verdict: 'better',
    here: 'PATH, HOME, LANG, TZ and the like are always there: programs need them; nothing else leaks',
    async test({ up }) {
      const daemon = await up(
        '[watcher:clean]\ncmd = /bin/sh -c "env >clean.txt; echo clean done; exec sleep 1000"\n[watcher:copy]\ncmd = /bin/sh -c "env >copy.txt; echo copy done; exec sleep 1000"\ncopy_env = True\n[env]\nDECLARED = yes\nOVERRIDDEN = file\n',
        { environment: { SECRET_OF_USER: 'leaks', OVERRIDDEN: 'user' } },
      )
      for (const name of ['clean', 'copy']) await daemon.sees(new RegExp(`${name} done`))
      const read = (name: string): string => readFileSync(`${daemon.dir}/${name}.txt`, 'utf8')
      for (const name of ['clean', 'copy']) {
        assert.match(read(name), /^DECLARED=yes$/m)
        assert.match(read(name), /^OVERRIDDEN=file$/m)
      }
      assert.match(read('copy'), /^SECRET_OF_USER=leaks$/m)
      const allowed =
        /^(?:DECLARED|OVERRIDDEN|PATH|HOME|USER|LOGNAME|SHELL|LANG|TZ|TERM|TMPDIR|LC_\w+|INVOCATION_ID|NIXPACK_(?:PROCESS|INDEX)|PWD|SHLVL|OLDPWD|_)=/
      assert.deepEqual(
        read('clean')
          .split('\n')
          .filter((line) => line !== '' && !allowed.test(line)),
        [],
      )
    },
  },
  {
    number: '38',
    behaviour: 'a hook that is not there is an error at load',
    circus: 'the function cannot be imported',
    verdict: 'same',
    here: 'a Python function cannot be called here: an error with its line, unless its failures are to be ignored',
    async test({ run, write }) {
      const path = write('hook.ini', '[watcher:foo]\ncmd = sleep 1000\nhooks.before_start = my.hooks.wait\n')
      assertRefused(await run(['up', '--circus', path]), /hook\.ini:3: .*"my\.hooks\.wait" cannot be called here.*\[NIXPACK_CIRCUS_INVALID\]/s, 2)
    },
  },
  {
    number: '39',
    behaviour: 'before_start that fails: not started',
    circus: 'False or an exception',
    verdict: 'same',
    here: 'a status other than 0, or a program that cannot be run',
    test: (host) => testFailingHooks(host, { before_start: false }),
  },
  {
    number: '40',
    behaviour: 'after_start that fails: stopped again',
    circus: 'False or an exception',
    verdict: 'same',
    here: 'a status other than 0, or a program that cannot be run',
    test: (host) => testFailingHooks(host, { after_start: true }),
  },
  {
    number: '41',
    behaviour: 'before_spawn and after_spawn that fail: not started, stopped again',
    circus: 'False or an exception',
    verdict: 'same',
    here: 'of each instance',
    test: (host) => testFailingHooks(host, { before_spawn: false, after_spawn: true }),
  },
  {
    number: '42',
    behaviour: 'before_stop and after_stop that fail change nothing',
    circus: 'ignored',
    verdict: 'same',
    here: 'reported, and ignored',
    async test({ up, write }) {
      const fails = write('fails', FAILS, 0o755)
      const daemon = await up(`${KEEPER}[watcher:foo]\ncmd = sleep 1000\nhooks.before_stop = ${fails}\nhooks.after_stop = ${fails}\n`)
      const [pid = 0] = await waitForPids(daemon, 'foo', 1)
      await daemon.ctl('stop', 'foo')
      await assertState(daemon, 'foo', 'stopped')
      assert.ok(!isAlive(pid))
      for (const hook of ['beforeStop', 'afterStop']) await daemon.sees(new RegExp(`${hook} fails`))
    },
  },
  {
    number: '43',
    behaviour: 'before_signal and after_signal know pid and signal',
    circus: 'as arguments; False before SIGKILL changes nothing, before another signal it is not sent',
    verdict: 'same',
    here: 'NIXPACK_PID and NIXPACK_SIGNAL',
    async test({ up, write, worker }) {
      const tells = write('tells', '#!/bin/sh\necho "$NIXPACK_HOOK told $NIXPACK_PID $NIXPACK_SIGNAL"\ntest "$NIXPACK_SIGNAL" != SIGUSR2\n', 0o755)
      const daemon = await up(`[watcher:foo]\ncmd = ${worker} 0\nhooks.before_signal = ${tells}\nhooks.after_signal = ${tells}\n`)
      const [pid = 0] = await waitForPids(daemon, 'foo', 1)
      await daemon.sees(/0:STARTED/)
      await daemon.run('signal', 'USR2', 'foo')
      await daemon.ctl('signal', 'USR1', 'foo')
      await daemon.sees(new RegExp(`beforeSignal told ${pid} SIGUSR1`))
      await daemon.sees(/0:USR1/)
      await daemon.sees(new RegExp(`afterSignal told ${pid} SIGUSR1`))
      await daemon.sees(new RegExp(`beforeSignal told ${pid} SIGUSR2`))
      assert.doesNotMatch(daemon.output(), /0:USR2/)
    },
  },
  {
    number: '44',
    behaviour: 'after_reap knows how a process ended',
    circus: 'exit_code −15 when it was stopped by SIGTERM',
    verdict: 'same',
    here: 'NIXPACK_EXIT_CODE is -15',
    async test({ up, write }) {
      const tells = write('tells', '#!/bin/sh\necho "$NIXPACK_HOOK of $NIXPACK_PROCESS saw $NIXPACK_EXIT_CODE"\n', 0o755)
      const daemon = await up(
        `${KEEPER}[watcher:foo]\ncmd = sleep 1000\nhooks.after_reap = ${tells}\n[watcher:three]\ncmd = /bin/sh -c "exit 3"\nrespawn = False\nhooks.after_reap = ${tells}\n`,
      )
      await waitForPids(daemon, 'foo', 1)
      await daemon.ctl('stop', 'foo')
      await daemon.sees(/afterReap of foo saw -15/)
      await daemon.sees(/afterReap of three saw 3/)
    },
  },
  {
    number: '45',
    behaviour: 'respawn = False: not started again, but by hand',
    circus: 'the watcher is stopped when its processes are gone; `start` works',
    verdict: 'same',
    here: 'completed or failed, by its status; `start` works',
    async test({ up }) {
      const daemon = await up(`${KEEPER}[watcher:foo]\ncmd = /bin/sh -c "echo run; exit 3"\nrespawn = False\n`)
      await daemon.until('foo', 'it has ended', ({ state }) => state === 'completed' || state === 'failed')
      assert.equal(spawnCount(daemon, 'foo'), 1)
      await daemon.run('start', 'foo')
      await daemon.event('a second run', () => spawnCount(daemon, 'foo') === 2)
      await daemon.until('foo', 'it has ended again', ({ state, counters }) => counters.starts === 2 && (state === 'completed' || state === 'failed'))
    },
  },
  {
    number: '46',
    behaviour: 'a watcher that stops spawns nothing',
    circus: 'not even when a process is missing',
    verdict: 'same',
    here: 'what is wanted and what is are kept apart',
    async test({ up, worker, write, dir }) {
      const hook = write('slow', '#!/bin/sh\necho stopping >>told\nwhile ! test -e go; do sleep 0.01; done\n', 0o755)
      const daemon = await up(`${KEEPER}[watcher:foo]\ncmd = ${worker} 0\nnumprocesses = 2\nhooks.before_stop = ${hook}\n`)
      const [first = 0] = await waitForPids(daemon, 'foo', 2)
      const stopping = daemon.ctl('stop', 'foo')
      await waitForText(`${dir}/told`, /stopping/)
      process.kill(first, 'SIGKILL')
      await daemon.event('it was killed', ({ kind, pid }) => kind === 'exited' && pid === first)
      write('go', '')
      await stopping
      await assertState(daemon, 'foo', 'stopped')
      assert.equal(spawnCount(daemon, 'foo'), 2)
    },
  },
]
