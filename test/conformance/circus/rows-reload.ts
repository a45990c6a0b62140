// Behaviours 47 to 53: the file is read again.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'

import { assertDisjoint, assertState, isAlive, waitForPids } from './expect.ts'
import type { Row } from './row.ts'

const ONE = '[watcher:one]\ncmd = sleep 1000\n'
const TWO = '[watcher:two]\ncmd = sleep 1000\n'

const socket = (name: string, file: string): string => `[socket:${name}]\npath = ${file}.sock\n`

export const RELOAD_ROWS: readonly Row[] = [
  {
    number: '47',
    behaviour: 'another numprocesses is taken up in place',
    circus: 'the old process is kept',
    verdict: 'same',
    here: 'the old process is kept',
    async test({ up, write }) {
      const daemon = await up(ONE)
      const before = await waitForPids(daemon, 'one', 1)
      write('circus.ini', `${ONE}numprocesses = 3\n`)
      await daemon.reload()
      const after = await waitForPids(daemon, 'one', 3)
      assert.ok(after.includes(before[0] ?? 0))
      write('circus.ini', ONE)
      await daemon.reload()
      assert.ok(after.includes((await waitForPids(daemon, 'one', 1))[0] ?? 0))
    },
  },
  {
    number: '48',
    behaviour: 'watchers are added, deleted and changed',
    circus: 'a changed one is deleted and added',
    verdict: 'same',
    here: '`config --diff` shows it beforehand',
    async test({ up, write }) {
      const daemon = await up(ONE + TWO)
      const [one = 0] = await waitForPids(daemon, 'one', 1)
      const [two = 0] = await waitForPids(daemon, 'two', 1)
      write('circus.ini', `${TWO.replace('1000', '1001')}[watcher:three]\ncmd = sleep 1000\n`)
      await daemon.reload()
      await waitForPids(daemon, 'three', 1)
      const changed = await waitForPids(daemon, 'two', 1)
      assertDisjoint([two], changed)
      assert.match(readFileSync(`/proc/${changed[0]}/cmdline`, 'utf8'), /1001/)
      assert.deepEqual((await daemon.status()).processes.map(({ name }) => name).toSorted(), ['three', 'two'])
      assert.ok(!isAlive(one) && !isAlive(two))
    },
  },
  {
    number: '49',
    behaviour: 'sockets are added, deleted and changed',
    circus: 'a changed one is made anew',
    verdict: 'same',
    here: 'one that stays is never closed',
    async test({ up, write, dir }) {
      const daemon = await up(ONE + socket('stays', 'a') + socket('goes', 'b') + socket('changes', 'c'))
      await waitForPids(daemon, 'one', 1)
      assert.match(await daemon.ctl('listsockets'), /goes/)
      // Nobody accepts it: it waits in the queue of a socket, and ends with that.
      const waiting = createConnection({ path: join(dir, 'a.sock') }).on('error', () => {})
      await once(waiting, 'connect')
      write('circus.ini', ONE + socket('stays', 'a') + socket('changes', 'd') + socket('comes', 'e'))
      await daemon.reload()
      const list = await daemon.ctl('listsockets')
      assert.match(list, /stays.*a\.sock/)
      assert.match(list, /changes.*d\.sock/)
      assert.match(list, /comes.*e\.sock/)
      assert.doesNotMatch(list, /goes|c\.sock/)
      assert.equal(waiting.readyState, 'open')
      waiting.destroy()
    },
  },
  {
    number: '50',
    behaviour: 'plugins are added, deleted and changed',
    circus: 'a changed one is deleted and added',
    verdict: 'same',
    here: 'what they say of the watchers follows',
    async test({ up, write }) {
      const daemon = await up(ONE)
      const before = await waitForPids(daemon, 'one', 1)
      const plugin = '[plugin:flapping]\nuse = circus.plugins.flapping.Flapping\nattempts = 4\n'
      write('circus.ini', ONE + plugin)
      await daemon.reload()
      assert.match(await daemon.ctl('get', 'one', 'flapping', '--json'), /"attempts": ?4/)
      write('circus.ini', ONE + plugin.replace('4', '6'))
      await daemon.reload()
      assert.match(await daemon.ctl('get', 'one', 'flapping', '--json'), /"attempts": ?6/)
      write('circus.ini', ONE)
      await daemon.reload()
      assert.doesNotMatch(await daemon.ctl('options', 'one', '--json'), /"attempts"/)
      assert.deepEqual(await waitForPids(daemon, 'one', 1), before)
    },
  },
  {
    number: '51',
    behaviour: 'a watcher that has not changed is left alone',
    circus: 'the same object, the same pids',
    verdict: 'same',
    here: 'the same pids; what is stopped stays stopped',
    async test({ up, write }) {
      const daemon = await up(`${ONE}numprocesses = 2\n${TWO}`)
      const before = await waitForPids(daemon, 'one', 2)
      await daemon.ctl('stop', 'two')
      write('circus.ini', `# nothing that matters\n${ONE}numprocesses : 2\n\n${TWO}`)
      await daemon.reload()
      assert.deepEqual(await daemon.pids('one'), before)
      await assertState(daemon, 'two', 'stopped')
    },
  },
  {
    number: '52',
    behaviour: 'spaces in an environment are no reason to restart',
    circus: 'PS1 and the like are left out of the comparison',
    verdict: 'same',
    here: 'values are compared as they are passed',
    async test({ up }) {
      const daemon = await up(`${ONE}copy_env = True\n[env:one]\nSPACED = a  b   c\nPS1 = $PS1 x\n`, { environment: { PS1: '\\u@\\h:  ', MORE: ' b ' } })
      const before = await waitForPids(daemon, 'one', 1)
      await daemon.reload()
      assert.deepEqual(await daemon.pids('one'), before)
    },
  },
  {
    number: '53',
    behaviour: 'what circus itself runs is left alone',
    circus: 'circusd-stats is a watcher, and survives',
    verdict: 'better',
    here: 'there is no such process: statistics are the supervisor’s own',
    async test({ up, write }) {
      const daemon = await up(`[circus]\nstatsd = True\n${ONE}`)
      const before = await waitForPids(daemon, 'one', 1)
      const { pid } = await daemon.status()
      write('circus.ini', `[circus]\nstatsd = True\n${ONE}${TWO}`)
      await daemon.reload()
      await waitForPids(daemon, 'two', 1)
      assert.deepEqual(await daemon.pids('one'), before)
      assert.equal((await daemon.status()).pid, pid)
      assert.match(await daemon.ctl('stats'), /one/)
    },
  },
]
