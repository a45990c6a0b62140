// Behaviours 54 to 58: the plugin Flapping.
import assert from 'node:assert/strict'

import { isActive, spawnCount, waitForPids, waitForSpawns } from './expect.ts'
import type { Row } from './row.ts'

const KEEPER = '[watcher:keeper]\ncmd = sleep 1000\n'
const plugin = (lines: string): string => `[plugin:flapping]\nuse = circus.plugins.flapping.Flapping\n${lines}\n`

export const FLAPPING_ROWS: readonly Row[] = [
  {
    number: '54',
    behaviour: 'defaults of Flapping',
    circus: 'attempts 2, window 1 s (and check_delay), retry_in 7 s, max_retry 5',
    verdict: 'same',
    here: 'the same numbers',
    async test({ up }) {
      const daemon = await up(KEEPER + plugin(''))
      await waitForPids(daemon, 'keeper', 1)
      const { flapping } = JSON.parse(await daemon.ctl('options', 'keeper', '--json'))
      assert.deepEqual(flapping, { attempts: 2, window: '6s', retryIn: '7s', maxRetry: 5 })
    },
  },
  {
    number: '55',
    behaviour: 'flapping is answered by a pause',
    circus: 'stop, and start after retry_in',
    verdict: 'same',
    here: 'the state is backoff, `explain` says why and until when',
    async test({ up, write }) {
      const daemon = await up(`${KEEPER}[watcher:foo]\ncmd = /bin/sh -c "test -e cured && exec sleep 1000"\n${plugin('window = 60\nretry_in = 5')}`)
      const { reason, nextStartInMs } = await daemon.until('foo', 'a pause', ({ state }) => state === 'backoff')
      assert.equal(spawnCount(daemon, 'foo'), 2)
      assert.equal(reason, 'it is flapping: it ended 2 times within 65 s')
      assert.ok(nextStartInMs !== null && nextStartInMs > 0 && nextStartInMs <= 5000)
      assert.match(await daemon.ctl('explain', 'foo'), /it is flapping: .* exited with status 1; the next one begins in \d\.\d s/)
      write('cured', '')
      await daemon.until('foo', 'it runs', isActive)
    },
  },
  {
    number: '56',
    behaviour: 'after max_retry pauses it is given up',
    circus: 'stopped for good',
    verdict: 'same',
    here: 'failed, with the reason and its last lines; `start` tries again',
    async test({ up }) {
      const daemon = await up(`${KEEPER}[watcher:foo]\ncmd = false\n${plugin('window = 60\nretry_in = 0.05\nmax_retry = 1')}`)
      const { reason } = await daemon.until('foo', 'it is given up', ({ state }) => state === 'failed')
      assert.match(reason, /flapping/)
      assert.equal(spawnCount(daemon, 'foo'), 4)
    },
  },
  {
    number: '57',
    behaviour: 'ends that lie apart are no flapping',
    circus: 'an end beyond the window starts the count anew',
    verdict: 'same',
    here: 'an end beyond the window starts the count anew',
    async test({ up }) {
      const daemon = await up(
        `[circus]\ncheck_delay = 0.05\n${KEEPER}[watcher:foo]\ncmd = sleep 0.3\n${plugin('attempts = 2\nwindow = 0.05\nretry_in = 30\nmax_retry = 0')}`,
      )
      await waitForSpawns(daemon, 'foo', 5)
      assert.notEqual((await daemon.process('foo')).state, 'failed')
    },
  },
  {
    number: '58',
    behaviour: 'max_retry = -1 never gives up',
    circus: 'pauses for ever',
    verdict: 'same',
    here: 'pauses for ever',
    async test({ up }) {
      const daemon = await up(`${KEEPER}[watcher:foo]\ncmd = false\nflapping.max_retry = -1\n${plugin('retry_in = 0.01\nmax_retry = 0')}`)
      await waitForSpawns(daemon, 'foo', 16)
      assert.notEqual((await daemon.process('foo')).state, 'failed')
    },
  },
]
