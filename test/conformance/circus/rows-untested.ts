// What circus' own tests never ask, and its users complain about.
import assert from 'node:assert/strict'
import { join } from 'node:path'

import { isAlive, waitForEnd, waitForPids, waitForText } from './expect.ts'
import type { Row } from './row.ts'

export const UNTESTED_ROWS: readonly Row[] = [
  {
    number: 'A',
    behaviour: 'the order in which everything is stopped',
    circus: 'everything at once',
    verdict: 'better',
    here: 'the reverse of the order in which it starts: who depends on others stops before them',
    async test({ up, worker }) {
      const daemon = await up(`[watcher:db]\ncmd = ${worker} db\n[watcher:web]\ncmd = ${worker} web\n[watcher:proxy]\ncmd = ${worker} proxy\n`)
      for (const name of ['db', 'web', 'proxy']) await daemon.sees(new RegExp(`\\b${name}:STARTED`))
      await daemon.ctl('set', 'web', 'dependsOn.db=ready')
      await daemon.ctl('set', 'proxy', 'dependsOn.web=ready')
      await daemon.ctl('quit')
      await daemon.ended
      const exits = daemon.output().match(/\w+:EXITING/g)
      assert.deepEqual(exits, ['proxy:EXITING', 'web:EXITING', 'db:EXITING'])
    },
  },
  {
    number: 'B',
    behaviour: 'the supervisor is killed with SIGKILL',
    circus: 'every process goes on, without a supervisor',
    verdict: 'better',
    here: 'nothing goes on, not even grandchildren',
    async test({ up, worker }) {
      const daemon = await up(`[watcher:foo]\ncmd = ${worker} 0 children=2 depth=2 stubborn\nnumprocesses = 2\n`)
      await daemon.sees(/(?:\b0\d*:STARTED[^]*?){14}/)
      const pids = [...daemon.output().matchAll(/\b0\d*:STARTED (\d+)/g)].map(([, pid]) => Number(pid))
      assert.equal(pids.length, 14)
      process.kill((await daemon.status()).pid, 'SIGKILL')
      await daemon.ended
      for (const pid of pids) await waitForEnd(pid)
    },
  },
  {
    number: 'C',
    behaviour: 'a process ends politely, its children do not',
    circus: 'only the process itself is waited for: its children stay',
    verdict: 'better',
    here: 'what is left of a process is ended, also in a session of its own',
    async test({ up, worker }) {
      const daemon = await up(
        `[watcher:keeper]\ncmd = sleep 1000\n[watcher:foo]\ncmd = ${worker} child stubborn & setsid ${worker} stray stubborn & exec ${worker} leader\nshell = True\ngraceful_timeout = 0.3\n`,
      )
      const pids: number[] = []
      for (const name of ['leader', 'child', 'stray']) pids.push(Number((await daemon.sees(new RegExp(`\\b${name}:STARTED (\\d+)`)))[1]))
      await daemon.ctl('stop', 'foo')
      await daemon.sees(/leader:EXITING/)
      assert.deepEqual(pids.filter(isAlive), [])
    },
  },
  {
    number: 'D',
    behaviour: 'the last words of a process that is stopped',
    circus: 'streams are closed at once: what is in the pipe is lost',
    verdict: 'better',
    here: 'read to the end',
    async test({ up, dir }) {
      const daemon = await up(
        "[watcher:keeper]\ncmd = sleep 1000\n[watcher:foo]\ncmd = trap 'seq 1 50000; printf last; exit 0' TERM; echo ready; while :; do sleep 1000 & wait $!; done\nshell = True\nstdout_stream.filename = out.log\n",
      )
      await waitForText(join(dir, 'out.log'), /ready/)
      await daemon.ctl('stop', 'foo')
      const text = await waitForText(join(dir, 'out.log'), /last/)
      assert.equal(text.trimEnd(), `ready\n${Array.from({ length: 50_000 }, (_, index) => index + 1).join('\n')}\nlast`)
    },
  },
  {
    number: 'E',
    behaviour: 'the exit status of the daemon',
    circus: 'always 0',
    verdict: 'better',
    here: 'that of the exit policy: of the process that failed, or 0 when it was told to end',
    async test({ up, run, write }) {
      const path = write('fails.ini', '[watcher:foo]\ncmd = /bin/sh -c "exit 7"\nrespawn = False\n')
      assert.equal((await run(['up', '--circus', path])).status, 7)
      const daemon = await up('[watcher:foo]\ncmd = sleep 1000\n')
      await waitForPids(daemon, 'foo', 1)
      daemon.kill('SIGTERM')
      assert.deepEqual(await daemon.ended, { status: 0, signal: null })
    },
  },
]
