// Behaviours 79 to 82b: the daemon itself.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'

import { assertRefused, waitForPids, waitForText } from './expect.ts'
import type { Row } from './row.ts'

const KEEPER = '[watcher:keeper]\ncmd = sleep 1000\n'

export const DAEMON_ROWS: readonly Row[] = [
  {
    number: '79',
    behaviour: 'the pid file is there while the daemon runs',
    circus: 'mode 0644, removed at the end',
    verdict: 'same',
    here: 'mode 0644, removed at the end if it is still ours; an instance is guarded by a lock, not by this file',
    async test({ up, dir }) {
      const daemon = await up(`[circus]\npidfile = circus.pid\n${KEEPER}`)
      const path = join(dir, 'circus.pid')
      assert.equal(readFileSync(path, 'utf8').trim(), String((await daemon.status()).pid))
      assert.equal((statSync(path).mode & 0o777).toString(8), '644')
      await daemon.ctl('quit')
      await daemon.ended
      assert.ok(!existsSync(path))
    },
  },
  {
    number: '80',
    behaviour: 'rubbish in a pid file, or the pid of nobody, is overwritten',
    circus: 'overwritten; the pid of any living process is refused',
    verdict: 'better',
    here: 'always overwritten: that the bundle runs already is told by its lock, which no pid that was given anew can fake',
    async test({ up, run, dir }) {
      const path = join(dir, 'circus.pid')
      for (const content of ['rubbish\n', '2147483646\n', `${process.pid}\n`]) {
        writeFileSync(path, content)
        const daemon = await up(`[circus]\npidfile = circus.pid\n${KEEPER}`)
        assert.equal(readFileSync(path, 'utf8').trim(), String((await daemon.status()).pid))
        assertRefused(await run(['up', '--circus', join(dir, 'circus.ini')]), /NIXPACK_CONTROL_IN_USE/)
        await daemon.ctl('quit')
        await daemon.ended
      }
    },
  },
  {
    number: '81',
    behaviour: 'rubbish on the control socket is ignored',
    circus: 'the controller goes on',
    verdict: 'same',
    here: 'each connection stands for itself',
    async test({ up, dir, instance }) {
      const daemon = await up(KEEPER)
      const path = join(dir, `r/circus/${instance}/control.sock`)
      for (const rubbish of [
        '\0\x01\xff rubbish \r\n\r\n',
        'GET /v1/status',
        'POST /v1/set HTTP/1.1\r\ncontent-length: 9\r\n\r\n{"a":[[[[',
        'x'.repeat(100_000),
      ]) {
        const socket = createConnection({ path }).on('error', () => {})
        await once(socket, 'connect')
        socket.end(rubbish, 'latin1')
        socket.resume()
      }
      assert.match(await daemon.ctl('status'), /keeper/)
    },
  },
  {
    number: '82',
    behaviour: 'a multicast endpoint that cannot be used is only a warning',
    circus: 'the daemon starts without discovery',
    verdict: 'same',
    here: 'there is no discovery: the option is named in a warning',
    async test({ up }) {
      const daemon = await up(`[circus]\nmulticast_endpoint = udp://not-an-address\n${KEEPER}`)
      await waitForPids(daemon, 'keeper', 1)
      assert.match(daemon.output(), /circus\.ini:2: "multicast_endpoint" has no effect/)
    },
  },
  {
    number: '82b',
    behaviour: 'an answer belongs to its question, also while a slow hook runs',
    circus: 'messages have ids',
    verdict: 'same',
    here: 'each question has its own connection, and is answered meanwhile',
    async test({ up, write, dir }) {
      const slow = write('slow', '#!/bin/sh\necho waits >>told\nwhile ! test -e go; do sleep 0.01; done\n', 0o755)
      const daemon = await up(`${KEEPER}[watcher:foo]\ncmd = sleep 1000\nautostart = False\nhooks.before_start = ${slow}\n`)
      const starting = daemon.ctl('start', 'foo')
      await waitForText(join(dir, 'told'), /waits/)
      const [numbers, list] = await Promise.all([daemon.ctl('numprocesses', 'keeper'), daemon.ctl('list')])
      assert.equal(numbers.trim(), '1')
      assert.match(list, /foo/)
      assert.deepEqual(await daemon.pids('foo'), [])
      write('go', '')
      await starting
      await waitForPids(daemon, 'foo', 1)
    },
  },
]
