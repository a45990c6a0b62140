// Behaviours 1 to 22: what may be done with the supervisor as a whole.
import assert from 'node:assert/strict'

import { assertDisjoint, assertRefused, assertState, isActive, isAlive, waitForEnd, waitForPids } from './expect.ts'
import type { Daemon } from './daemon.ts'
import type { Row } from './row.ts'

const KEEPER = '[watcher:keeper]\ncmd = sleep 1000\n'

/** How many processes there were after each start and each end since then. */
const countRunning = ({ events }: Daemon, { from, running }: { readonly from: number; readonly running: number }): readonly number[] => {
  const steps = events.slice(from).flatMap(({ kind }) => (kind === 'spawned' ? [1] : kind === 'exited' ? [-1] : []))
  return steps.map((_, index) => running + steps.slice(0, index + 1).reduce((sum, step) => sum + step, 0))
}

export const LIFECYCLE_ROWS: readonly Row[] = [
  {
    number: '1',
    behaviour: 'a watcher that is added is stopped until it is started',
    circus: '`add foo "sleep 1000"` → stopped',
    verdict: 'same',
    here: '`add foo sleep 1000`',
    async test({ up }) {
      const daemon = await up(KEEPER)
      await daemon.ctl('add', 'foo', 'sleep', '1000')
      await assertState(daemon, 'foo', 'stopped')
    },
  },
  {
    number: '2',
    behaviour: 'a watcher can be started as it is added',
    circus: '`add --start`',
    verdict: 'same',
    here: '`add --start`',
    async test({ up }) {
      const daemon = await up(KEEPER)
      await daemon.ctl('add', '--start', 'foo', 'sleep', '1000')
      assert.ok(isActive(await daemon.process('foo')))
    },
  },
  {
    number: '3',
    behaviour: 'a name that exists is refused, in upper or lower case',
    circus: 'an error; foo and Foo are the same',
    verdict: 'same',
    here: 'refused; so are two sections of a file that differ in case only',
    async test({ up }) {
      const daemon = await up(KEEPER)
      assertRefused(await daemon.run('add', 'keeper', 'sleep', '1'), /keeper/)
      assertRefused(await daemon.run('add', 'Keeper', 'sleep', '1'), /keeper/i)
    },
  },
  {
    number: '4',
    behaviour: 'a refused `add` leaves nothing locked',
    circus: 'the next command is accepted',
    verdict: 'same',
    here: 'there is no global lock',
    async test({ up }) {
      const daemon = await up(KEEPER)
      assertRefused(await daemon.run('add', 'keeper', 'sleep', '1'), /keeper/)
      await daemon.ctl('add', '--start', 'foo', 'sleep', '1000')
      assert.ok(isActive(await daemon.process('foo')))
    },
  },
  {
    number: '5',
    behaviour: 'a watcher can be added while everything is stopped',
    circus: 'works',
    verdict: 'same',
    here: 'works',
    async test({ up }) {
      const daemon = await up(KEEPER)
      await daemon.ctl('stop')
      await daemon.ctl('add', '--start', 'foo', 'sleep', '1000')
      assert.ok(isActive(await daemon.process('foo')))
      await assertState(daemon, 'keeper', 'stopped')
    },
  },
  {
    number: '6',
    behaviour: '`numwatchers` and `list` follow `add` and `rm`',
    circus: 'plus one, minus one',
    verdict: 'same',
    here: 'plus one, minus one',
    async test({ up }) {
      const daemon = await up(KEEPER)
      const count = async (): Promise<number> => Number((await daemon.ctl('numwatchers')).trim())
      assert.equal(await count(), 1)
      await daemon.ctl('add', '--start', 'foo', 'sleep', '1000')
      assert.equal(await count(), 2)
      assert.match(await daemon.ctl('list'), /foo/)
      await daemon.ctl('rm', 'foo')
      assert.equal(await count(), 1)
      assert.doesNotMatch(await daemon.ctl('list'), /foo/)
    },
  },
  {
    number: '7',
    behaviour: '`rm --nostop` leaves the process alone',
    circus: 'it goes on, unsupervised',
    verdict: 'same',
    here: 'it goes on, unsupervised, until the bundle ends: that leaves nothing behind',
    async test({ up }) {
      const daemon = await up(`${KEEPER}[watcher:foo]\ncmd = sleep 1000\n`)
      const [pid = 0] = await waitForPids(daemon, 'foo', 1)
      await daemon.ctl('rm', '--nostop', 'foo')
      assert.doesNotMatch(await daemon.ctl('list'), /foo/)
      assert.ok(isAlive(pid))
      await daemon.ctl('quit')
      await waitForEnd(pid)
    },
  },
  {
    number: '8',
    behaviour: '`incr` adds one process, or as many as it is told',
    circus: '1 → 2 → 4',
    verdict: 'same',
    here: '`incr foo`, `incr foo 2`; `scale foo=4` says it at once',
    async test({ up }) {
      const daemon = await up('[watcher:foo]\ncmd = sleep 1000\n')
      await waitForPids(daemon, 'foo', 1)
      await daemon.ctl('incr', 'foo')
      assert.equal((await daemon.pids('foo')).length, 2)
      await daemon.ctl('incr', 'foo', '2')
      assert.equal((await daemon.pids('foo')).length, 4)
      assert.equal((await daemon.ctl('numprocesses', 'foo')).trim(), '4')
    },
  },
  {
    number: '9',
    behaviour: 'a singleton stays one process',
    circus: '`incr` and `decr` change nothing',
    verdict: 'same',
    here: '`incr` and `decr` change nothing; `scale foo=0` stops it',
    async test({ up }) {
      const daemon = await up('[watcher:foo]\ncmd = sleep 1000\nsingleton = True\n')
      const before = await waitForPids(daemon, 'foo', 1)
      for (const command of ['incr', 'decr']) assert.equal((await daemon.ctl(command, 'foo')).trim(), '1')
      assert.deepEqual(await daemon.pids('foo'), before)
    },
  },
  {
    number: '10',
    behaviour: '`stop` and `start` without a name mean every watcher',
    circus: 'all stopped, all active',
    verdict: 'same',
    here: 'all stopped, all ready; in order',
    async test({ up }) {
      const daemon = await up(`${KEEPER}[watcher:foo]\ncmd = sleep 1000\nnumprocesses = 2\n`)
      await waitForPids(daemon, 'foo', 2)
      await daemon.ctl('stop')
      for (const name of ['keeper', 'foo']) await assertState(daemon, name, 'stopped')
      await daemon.ctl('start')
      for (const name of ['keeper', 'foo']) assert.ok(isActive(await daemon.process(name)))
    },
  },
  {
    number: '11',
    behaviour: 'autostart = False: not at boot, nor when all are started',
    circus: 'stays stopped',
    verdict: 'same',
    here: 'stays stopped; started by its name',
    async test({ up }) {
      const daemon = await up(`${KEEPER}[watcher:foo]\ncmd = sleep 1000\nautostart = False\n`)
      await waitForPids(daemon, 'keeper', 1)
      await assertState(daemon, 'foo', 'stopped')
      await daemon.ctl('stop', 'keeper')
      await daemon.ctl('start')
      await assertState(daemon, 'foo', 'stopped')
      await daemon.ctl('start', 'foo')
      assert.ok(isActive(await daemon.process('foo')))
    },
  },
  {
    number: '12',
    behaviour: 'the end of the start is told once',
    circus: 'the callback of Arbiter.start() is called once',
    verdict: 'same',
    here: 'an event for everybody, `up --detach --wait` and sd_notify for those outside',
    async test({ up }) {
      const daemon = await up(KEEPER)
      const ready = await daemon.event('the bundle is ready', ({ kind, text }) => kind === 'bundle' && /ready/.test(text))
      await daemon.ctl('restart', 'keeper')
      await daemon.ctl('stop', 'keeper')
      const told = daemon.events.filter(({ kind, text }) => kind === 'bundle' && text === ready.text)
      assert.equal(told.length, 1)
    },
  },
  {
    number: '13',
    behaviour: '`reload` replaces every process',
    circus: 'all pids are others',
    verdict: 'better',
    here: 'new ones first; the old ones stop when the new ones are ready',
    async test({ up }) {
      const daemon = await up('[watcher:foo]\ncmd = sleep 1000\nnumprocesses = 2\n')
      const before = await waitForPids(daemon, 'foo', 2)
      const seen = daemon.events.length
      await daemon.ctl('reload', 'foo')
      const after = await waitForPids(daemon, 'foo', 2)
      assertDisjoint(before, after)
      assert.deepEqual(before.filter(isAlive), [])
      assert.deepEqual(countRunning(daemon, { from: seen, running: 2 }), [3, 4, 3, 2])
    },
  },
  {
    number: '14',
    behaviour: '`reload` finds names with capitals',
    circus: 'names are compared in lower case',
    verdict: 'same',
    here: 'as they are written, or in any case when that is unambiguous',
    async test({ up }) {
      const daemon = await up('[watcher:MyUPPERname]\ncmd = sleep 1000\n')
      const before = await waitForPids(daemon, 'MyUPPERname', 1)
      await daemon.ctl('reload', 'MyUPPERname')
      const between = await waitForPids(daemon, 'MyUPPERname', 1)
      assertDisjoint(before, between)
      await daemon.ctl('reload', 'myuppername')
      assertDisjoint(between, await waitForPids(daemon, 'MyUPPERname', 1))
    },
  },
  {
    number: '15',
    behaviour: '`reload --sequential` replaces one after the other',
    circus: '4 processes, all pids are others',
    verdict: 'same',
    here: 'never fewer than one less',
    async test({ up }) {
      const daemon = await up('[watcher:foo]\ncmd = sleep 1000\nnumprocesses = 4\n')
      const before = await waitForPids(daemon, 'foo', 4)
      const seen = daemon.events.length
      await daemon.ctl('reload', '--sequential', 'foo')
      assertDisjoint(before, await waitForPids(daemon, 'foo', 4))
      assert.deepEqual(countRunning(daemon, { from: seen, running: 4 }), [3, 4, 3, 4, 3, 4, 3, 4])
    },
  },
  {
    number: '16',
    behaviour: 'numbers of processes are used again',
    circus: '1 → 2 → 1, {1..4} → {5..8} → {1..4}',
    verdict: 'same',
    here: 'the lowest that are free',
    async test({ up }) {
      const daemon = await up('[watcher:one]\ncmd = sleep 1000\n[watcher:four]\ncmd = sleep 1000\nnumprocesses = 4\n')
      const indexes = async (name: string): Promise<readonly number[]> => {
        const { instances } = await daemon.process(name)
        return instances.filter(({ pid }) => pid !== null).map(({ index }) => index)
      }
      const expected = {
        one: [[1], [2], [1]],
        four: [
          [1, 2, 3, 4],
          [5, 6, 7, 8],
          [1, 2, 3, 4],
        ],
      }
      for (const [name, steps] of Object.entries(expected)) {
        let before = await waitForPids(daemon, name, steps[0]?.length ?? 0)
        assert.deepEqual(await indexes(name), steps[0])
        for (const step of steps.slice(1)) {
          await daemon.ctl('reload', '--graceful', name)
          assert.deepEqual(
            (await indexes(name)).toSorted((left, right) => left - right),
            step,
          )
          const after = await daemon.pids(name)
          assertDisjoint(before, after)
          before = after
        }
      }
    },
  },
  {
    number: '17',
    behaviour: 'who listens is told of each spawn',
    circus: '`watcher.NAME.spawn` on the publishing socket',
    verdict: 'better',
    here: '`events`, which also knows what happened before',
    async test({ up }) {
      const daemon = await up(KEEPER)
      const [pid = 0] = await waitForPids(daemon, 'keeper', 1)
      const spawned = await daemon.event('keeper was spawned', ({ kind, process }) => kind === 'spawned' && process === 'keeper')
      assert.equal(spawned.pid, pid)
      assert.match(await daemon.ctl('events', '--since', '0', '--json'), new RegExp(`"spawned".*${pid}|${pid}.*"spawned"`))
    },
  },
  {
    number: '18',
    behaviour: '`quit` ends the daemon',
    circus: 'circusd ends',
    verdict: 'better',
    here: '`quit` or `down`; returns when everything is gone',
    async test({ up }) {
      const daemon = await up(KEEPER)
      const [pid = 0] = await waitForPids(daemon, 'keeper', 1)
      await daemon.ctl('quit')
      assert.ok(!isAlive(pid))
      assert.deepEqual(await daemon.ended, { status: 0, signal: null })
    },
  },
  {
    number: '19',
    behaviour: '--help succeeds',
    circus: 'status 0',
    verdict: 'same',
    here: 'status 0',
    async test({ run }) {
      const { status, stdout } = await run(['--help'])
      assert.equal(status, 0)
      assert.match(stdout, /incr/)
    },
  },
  {
    number: '20',
    behaviour: 'an unknown command is a usage error',
    circus: 'status 2',
    verdict: 'better',
    here: 'status 2, with the nearest command',
    async test({ run }) {
      assertRefused(await run(['strat']), /unknown command "strat", did you mean "start"/, 2)
    },
  },
  {
    number: '21',
    behaviour: 'commands at the same time',
    circus: 'the second is refused with status 3: "arbiter is already running … command"',
    verdict: 'better',
    here: 'both are done: commands wait for each other per process, never for all',
    async test({ up, write }) {
      const slow = write('slow', '#!/bin/sh\nexec sleep 0.3\n', 0o755)
      const daemon = await up(`${KEEPER}[watcher:foo]\ncmd = sleep 1000\nhooks.before_stop = ${slow}\n`)
      const before = await waitForPids(daemon, 'foo', 1)
      const results = await Promise.all([
        daemon.run('restart', 'foo'),
        daemon.run('restart', 'keeper'),
        daemon.run('incr', 'foo'),
        daemon.run('incr', 'keeper'),
      ])
      assert.deepEqual(
        results.map(({ status, stderr }) => ({ status, stderr })),
        results.map(() => ({ status: 0, stderr: '' })),
      )
      assertDisjoint(before, await waitForPids(daemon, 'foo', 2))
      assert.equal((await waitForPids(daemon, 'keeper', 2)).length, 2)
    },
  },
  {
    number: '22',
    behaviour: 'circusctl without a command is an interactive shell',
    circus: 'a prompt, help and completion',
    verdict: 'not meaningful',
    here: "a bundle without a command starts; its commands are one word away in the user's own shell",
  },
]
