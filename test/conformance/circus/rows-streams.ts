// Behaviours 59 to 67: where the output of processes goes.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, readlinkSync, renameSync } from 'node:fs'
import { join } from 'node:path'

import { until } from '../../helpers/bundle-process.ts'
import { waitForPids, waitForText } from './expect.ts'
import type { Row } from './row.ts'

const KEEPER = '[watcher:keeper]\ncmd = sleep 1000\n'
const BOTH = 'stdout_stream.class = FileStream\nstdout_stream.filename = out.log\nstderr_stream.class = FileStream\nstderr_stream.filename = err.log\n'

/** Whether the supervisor has that file open. */
const hasOpen = (pid: number, path: string): boolean =>
  readdirSync(`/proc/${pid}/fd`).some((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`) === path
    } catch {
      // Closed meanwhile.
      return false
    }
  })

const writeTo = (stream: string): string => `seq -f %0288.0f 1 10 >&${stream}`

export const STREAM_ROWS: readonly Row[] = [
  {
    number: '59',
    behaviour: 'stdout and stderr go to files of their own',
    circus: 'FileStream',
    verdict: 'same',
    here: '`stdout.file`, `stderr.file`',
    async test({ up, dir }) {
      await up(`[watcher:foo]\ncmd = echo out; echo err >&2; exec sleep 1000\nshell = True\n${BOTH}`)
      assert.equal(await waitForText(join(dir, 'out.log'), /\n/), 'out\n')
      assert.equal(await waitForText(join(dir, 'err.log'), /\n/), 'err\n')
    },
  },
  {
    number: '60',
    behaviour: 'after `restart` the files go on',
    circus: 'still written to',
    verdict: 'same',
    here: 'still written to',
    async test({ up, dir }) {
      const daemon = await up(`[watcher:foo]\ncmd = echo out; echo err >&2; exec sleep 1000\nshell = True\n${BOTH}`)
      await waitForText(join(dir, 'err.log'), /err\n/)
      await daemon.ctl('restart', 'foo')
      assert.equal(await waitForText(join(dir, 'out.log'), /out\nout\n/), 'out\nout\n')
      assert.equal(await waitForText(join(dir, 'err.log'), /err\nerr\n/), 'err\nerr\n')
    },
  },
  {
    number: '61',
    behaviour: 'the files are closed by `stop` and opened again by `start`',
    circus: 'closed, opened',
    verdict: 'same',
    here: 'closed when the last process is gone, opened for the next one',
    async test({ up, dir }) {
      const daemon = await up(`${KEEPER}[watcher:foo]\ncmd = echo out; echo err >&2; exec sleep 1000\nshell = True\n${BOTH}`)
      await waitForText(join(dir, 'out.log'), /out\n/)
      await waitForText(join(dir, 'err.log'), /err\n/)
      const { pid } = await daemon.status()
      assert.ok(hasOpen(pid, join(dir, 'out.log')) && hasOpen(pid, join(dir, 'err.log')))
      await daemon.ctl('stop', 'foo')
      await daemon.until('foo', 'its files are closed', () => !hasOpen(pid, join(dir, 'out.log')) && !hasOpen(pid, join(dir, 'err.log')))
      await daemon.ctl('start', 'foo')
      await waitForText(join(dir, 'out.log'), /out\nout\n/)
      await waitForText(join(dir, 'err.log'), /err\nerr\n/)
    },
  },
  {
    number: '62',
    behaviour: 'a file that somebody else renames is opened anew',
    circus: 'WatchedFileStream: looks at the inode before each write',
    verdict: 'same',
    here: 'noticed by itself, or told by SIGUSR1 or `reopen-logs`; no line is lost or split',
    async test({ up, worker, dir }) {
      const daemon = await up(`[watcher:foo]\ncmd = ${worker} 0\nstdout_stream.class = WatchedFileStream\nstdout_stream.filename = watched.log\n`)
      const path = join(dir, 'watched.log')
      await waitForText(path, /0:STARTED/)
      renameSync(path, `${path}.1`)
      await daemon.ctl('signal', 'USR1', 'foo')
      assert.equal(await waitForText(path, /\n/), '0:USR1\n')
      assert.match(readFileSync(`${path}.1`, 'utf8'), /^0:STARTED \d+\n$/)
      renameSync(path, `${path}.2`)
      await daemon.ctl('reopen-logs')
      await until('it is there again', () => existsSync(path), 30_000)
      await daemon.ctl('signal', 'USR2', 'foo')
      assert.equal(await waitForText(path, /\n/), '0:USR2\n')
      assert.equal(readFileSync(`${path}.2`, 'utf8'), '0:USR1\n')
    },
  },
  {
    number: '63',
    behaviour: 'time_format puts time and pid before each line',
    circus: '`TIME [PID] | DATA`',
    verdict: 'same',
    here: '`TIME [PID] | LINE`',
    async test({ up, dir }) {
      const daemon = await up(
        '[watcher:foo]\ncmd = echo hello; exec sleep 1000\nshell = True\nstdout_stream.class = FileStream\nstdout_stream.filename = out.log\nstdout_stream.time_format = %%Y/%%m/%%d %%H.%%M.%%S\n',
      )
      const [pid] = await waitForPids(daemon, 'foo', 1)
      const text = await waitForText(join(dir, 'out.log'), /\n/)
      assert.match(text, new RegExp(String.raw`^\d{4}/\d\d/\d\d \d\d\.\d\d\.\d\d \[${pid}\] \| hello\n$`))
    },
  },
  {
    number: '64',
    behaviour: 'every line of what is written at once has the prefix',
    circus: 'each line of a chunk; the rest of a line in the next chunk gets one, too',
    verdict: 'better',
    here: 'lines are put together first: one prefix for each line',
    async test({ up, dir }) {
      await up(
        "[watcher:foo]\ncmd = printf 'foo\\nbar\\nb'; sleep 0.05; printf 'az\\n'; exec sleep 1000\nshell = True\nstdout_stream.class = FileStream\nstdout_stream.filename = out.log\nstdout_stream.time_format = T\n",
      )
      const text = await waitForText(join(dir, 'out.log'), /az\n/)
      assert.match(text, /^T \[\d+\] \| foo\nT \[\d+\] \| bar\nT \[\d+\] \| baz\n$/)
    },
  },
  {
    number: '65',
    behaviour: 'more than 1024 bytes without a line end stay in one piece',
    circus: 'as long as there is no time_format',
    verdict: 'better',
    here: 'always, up to 64 KiB (`log.lineMax`)',
    async test({ up, dir }) {
      await up(
        `${KEEPER}[watcher:foo]\ncmd = head -c 2200 /dev/zero | tr '\\0' '*'\nshell = True\nrespawn = False\nstdout_stream.class = FileStream\nstdout_stream.filename = out.log\n[watcher:timed]\ncmd = head -c 2200 /dev/zero | tr '\\0' '*'\nshell = True\nrespawn = False\nstdout_stream.class = FileStream\nstdout_stream.filename = timed.log\nstdout_stream.time_format = T\n`,
      )
      assert.equal((await waitForText(join(dir, 'out.log'), /\*{2200}/)).trimEnd(), '*'.repeat(2200))
      assert.match(await waitForText(join(dir, 'timed.log'), /\*{2200}/), /^T \[\d+\] \| \*{2200}\n?$/)
    },
  },
  {
    number: '66',
    behaviour: '2890 bytes arrive on both streams',
    circus: 'all of them',
    verdict: 'same',
    here: 'all of them, also the last ones of a process that ends',
    async test({ up, dir }) {
      await up(`${KEEPER}[watcher:foo]\ncmd = ${writeTo('1')}; ${writeTo('2')}\nshell = True\nrespawn = False\n${BOTH}`)
      for (const name of ['out.log', 'err.log']) assert.equal((await waitForText(join(dir, name), /10\n$/)).length, 2890)
    },
  },
  {
    number: '67',
    behaviour: 'close_child_stdout: nothing is seen',
    circus: '/dev/null',
    verdict: 'same',
    here: '/dev/null',
    async test({ up, dir }) {
      const daemon = await up(
        '[watcher:foo]\ncmd = echo unseen; echo seen >&2; exec sleep 1000\nshell = True\nclose_child_stdout = True\nstdout_stream.filename = out.log\n',
      )
      const [pid] = await waitForPids(daemon, 'foo', 1)
      await daemon.sees(/\bseen/)
      assert.equal(readlinkSync(`/proc/${pid}/fd/1`), '/dev/null')
      assert.doesNotMatch(daemon.output(), /unseen/)
      assert.ok(!existsSync(join(dir, 'out.log')))
    },
  },
]
