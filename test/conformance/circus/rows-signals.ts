// Behaviours 23 to 31: signals, and options that change while a watcher runs.
import assert from 'node:assert/strict'

import { ROUTES } from '../../../runtime/contract/control-routes.ts'
import { assertDisjoint, assertRefused, waitForPids, waitForText } from './expect.ts'
import type { Row } from './row.ts'

/** Of the tree that `worker 0 children=C depth=D` makes. */
const started = (names: readonly string[]): readonly RegExp[] => names.map((name) => new RegExp(`\\b${name}:STARTED`))

export const SIGNAL_ROWS: readonly Row[] = [
  {
    number: '23',
    behaviour: '`kill --signum INT` lets a process end itself',
    circus: 'its handler runs, it ends within graceful_timeout and is respawned',
    verdict: 'same',
    here: '`kill foo --signum INT`',
    async test({ up, worker }) {
      const daemon = await up(`[watcher:foo]\ncmd = ${worker} 0\n`)
      await daemon.sees(/0:STARTED/)
      const before = await daemon.pids('foo')
      await daemon.ctl('kill', 'foo', '--signum', 'INT', '--graceful_timeout', '15')
      await daemon.sees(/0:INT\n(.*\n)*.*0:EXITING/)
      assertDisjoint(before, await waitForPids(daemon, 'foo', 1))
      assert.doesNotMatch(daemon.output(), /SIGKILL/)
    },
  },
  {
    number: '24',
    behaviour: 'who does not end in time is killed',
    circus: 'SIGKILL after graceful_timeout',
    verdict: 'same',
    here: 'SIGKILL after the time, and SIGCONT before for whoever is stopped',
    async test({ up, worker }) {
      const daemon = await up(`[watcher:foo]\ncmd = ${worker} 0 stubborn\nstop_signal = QUIT\ngraceful_timeout = 3600\n`)
      await daemon.sees(/0:STARTED/)
      const before = await daemon.pids('foo')
      await daemon.ctl('kill', 'foo', '--signum', 'INT', '--graceful_timeout', '0.2')
      await daemon.sees(/0:INT/)
      const between = await waitForPids(daemon, 'foo', 1)
      assertDisjoint(before, between)
      await daemon.ctl('kill', 'foo', '--graceful_timeout', '0.2')
      await daemon.sees(/0:QUIT/)
      assertDisjoint(between, await waitForPids(daemon, 'foo', 1))
      await daemon.event('it was killed', ({ kind, text }) => kind === 'exited' && /SIGKILL/.test(text))
      await daemon.ctl('set', 'foo', 'graceful_timeout', '0.1')
    },
  },
  {
    number: '25',
    behaviour: '`signal` means the process itself',
    circus: 'its children get nothing',
    verdict: 'same',
    here: '`signal USR1 foo`',
    async test({ up, worker }) {
      const daemon = await up(`[watcher:foo]\ncmd = ${worker} 0 children=3\n`)
      for (const pattern of started(['0', '01', '02', '03'])) await daemon.sees(pattern)
      await daemon.ctl('signal', 'USR1', 'foo')
      await daemon.sees(/\b0:USR1/)
      await daemon.ctl('signal', 'USR2', 'foo', '--children')
      for (const child of ['01', '02', '03']) await daemon.sees(new RegExp(`\\b${child}:USR2`))
      assert.doesNotMatch(daemon.output(), /0[123]:USR1/)
    },
  },
  {
    number: '26',
    behaviour: '`signal --children` means its children',
    circus: 'the process itself gets nothing',
    verdict: 'same',
    here: '`signal USR2 foo --children`',
    async test({ up, worker }) {
      const daemon = await up(`[watcher:foo]\ncmd = ${worker} 0 children=3\n`)
      for (const pattern of started(['0', '01', '02', '03'])) await daemon.sees(pattern)
      await daemon.ctl('signal', '--children', 'usr2', 'foo')
      for (const child of ['01', '02', '03']) await daemon.sees(new RegExp(`\\b${child}:USR2`))
      await daemon.ctl('signal', 'USR1', 'foo')
      await daemon.sees(/\b0:USR1/)
      assert.doesNotMatch(daemon.output(), /\b0:USR2/)
    },
  },
  {
    number: '27',
    behaviour: '`signal --recursive` means all of them',
    circus: 'the process, its children and theirs',
    verdict: 'same',
    here: '`signal HUP foo --recursive`',
    async test({ up, worker }) {
      const names = ['0', '01', '02', '011', '012', '021', '022']
      const daemon = await up(`[watcher:foo]\ncmd = ${worker} 0 children=2 depth=2\n`)
      for (const pattern of started(names)) await daemon.sees(pattern)
      await daemon.ctl('signal', '--recursive', 'HUP', 'foo')
      for (const name of names) await daemon.sees(new RegExp(`\\b${name}:HUP`))
    },
  },
  {
    number: '28',
    behaviour: '`stop` sends stop_signal and tells what it waits for',
    circus: 'the process sees INT; stopping, then stopped',
    verdict: 'same',
    here: 'likewise; then nothing of the process is left',
    async test({ up, worker }) {
      const daemon = await up(`[watcher:keeper]\ncmd = sleep 1000\n[watcher:foo]\ncmd = ${worker} 0\nstop_signal = int\n`)
      await daemon.sees(/0:STARTED/)
      await daemon.ctl('stop', 'foo')
      await daemon.sees(/0:INT\n(.*\n)*.*0:EXITING/)
      await daemon.event('it is stopped', ({ process, state }) => process === 'foo' && state === 'stopped')
      const states = daemon.events.flatMap(({ kind, process, state }) => (kind === 'state' && process === 'foo' && state !== null ? [state] : []))
      assert.ok(states.indexOf('stopping') >= 0 && states.indexOf('stopping') < states.lastIndexOf('stopped'), states.join(' '))
    },
  },
  {
    number: '29',
    behaviour: 'several options can be set at once',
    circus: '`set` of hooks, streams and args',
    verdict: 'same',
    here: '`set foo args=… hooks.before_start=… stdout_stream.filename=…`; a reload follows if one is needed',
    async test({ up, write, worker, dir }) {
      const hook = write('hook', '#!/bin/sh\necho hooked >>hooked\n', 0o755)
      const daemon = await up(`[watcher:foo]\ncmd = ${worker} 0\nstdout_stream.filename = first.log\n`)
      await waitForPids(daemon, 'foo', 1)
      await daemon.ctl('set', 'foo', 'args=changed', `hooks.before_spawn=${hook}`, `stdout_stream.filename=${dir}/second.log`)
      await waitForText(`${dir}/second.log`, /changed:STARTED/)
      await waitForText(`${dir}/hooked`, /hooked/)
      assert.match(await daemon.ctl('get', 'foo', 'stdout_stream'), /second\.log/)
    },
  },
  {
    number: '30',
    behaviour: 'an environment takes texts only',
    circus: 'refused by the client',
    verdict: 'same',
    here: 'refused by the supervisor, whoever asks',
    async test({ up }) {
      const daemon = await up('[watcher:foo]\ncmd = sleep 1000\n')
      const before = await waitForPids(daemon, 'foo', 1)
      await assert.rejects(daemon.call(ROUTES.set, { process: 'foo', options: { environment: { A: 1 } } }), /environment\.A/)
      await assert.rejects(daemon.call(ROUTES.add, { name: 'bar', declaration: { command: ['sleep', '1'], environment: { A: ['b'] } } }), /environment\.A/)
      assert.deepEqual(await daemon.pids('foo'), before)
    },
  },
  {
    number: '31',
    behaviour: 'names of hooks and limits are checked',
    circus: 'refused by `set` and `add`',
    verdict: 'better',
    here: 'refused, with the nearest name, there and in the file',
    async test({ up, run, write }) {
      const path = write('bad.ini', '[watcher:a]\ncmd = a\nhooks.before_strat = /bin/true\nrlimit_nofil = 1\n')
      const refused = await run(['up', '--circus', path])
      assertRefused(refused, /before_start/, 2)
      assertRefused(refused, /rlimit_nofile/, 2)
      const daemon = await up('[watcher:foo]\ncmd = sleep 1000\n')
      assertRefused(await daemon.run('set', 'foo', 'hooks.before_strat', '/bin/true'), /before_?strat/i)
      assertRefused(await daemon.run('set', 'foo', 'rlimit_nofil', '100'), /nofil/)
    },
  },
]
