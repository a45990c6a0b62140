// Behaviours 68 to 78: what a process is started with, and the sockets that it gets.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'

import { assertRefused, waitForPids, waitForText } from './expect.ts'
import type { Row } from './row.ts'

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)
const LISTENS = '[watcher:foo]\ncmd = sleep 1000\nuse_sockets = True\n'

const connectTo = async (address: { readonly path: string } | { readonly host: string; readonly port: number }): Promise<void> => {
  const socket = createConnection(address)
  await once(socket, 'connect')
  socket.destroy()
}

const makesDirectory = (name: string): string => `[watcher:foo]\ncmd = /bin/sh -c "mkdir ${name}; echo made ${name}; exec sleep 1000"\n`

const replaces = (replace: string): string => `${LISTENS}[socket:a]\npath = a.sock\nreplace = ${replace}\n`

/** What somebody leaves behind who is killed: under another name it is not removed when its server closes. */
const leaveSocket = async (path: string): Promise<void> => {
  const server = createServer().listen(`${path}.new`)
  await once(server, 'listening')
  renameSync(`${path}.new`, path)
  server.close()
}

export const PROCESS_ROWS: readonly Row[] = [
  {
    number: '68',
    behaviour: 'rlimit_nofile and rlimit_nproc are in force',
    circus: 'soft and hard',
    verdict: 'same',
    here: 'soft and hard',
    async test({ up }) {
      const daemon = await up('[watcher:foo]\ncmd = sleep 1000\nrlimit_nofile = 1000\nrlimit_NPROC = 2000\nrlimit_core = 0\n')
      const [pid] = await waitForPids(daemon, 'foo', 1)
      const limits = readFileSync(`/proc/${pid}/limits`, 'utf8')
      assert.match(limits, /^Max open files\s+1000\s+1000\s/m)
      assert.match(limits, /^Max processes\s+2000\s+2000\s/m)
      assert.match(limits, /^Max core file size\s+0\s+0\s/m)
    },
  },
  {
    number: '69',
    behaviour: 'number and environment can stand in the command',
    circus: '$(circus.wid), $(circus.env.X)',
    verdict: 'same',
    here: '$(circus.wid), ((circus.wid)), $(circus.env.X), in any case',
    async test({ up }) {
      const daemon = await up(
        '[watcher:foo]\ncmd = /bin/sh -c \'echo "$0 $1 $2"; exec sleep 1000\'\nargs = "number $(circus.wid)" ((CIRCUS.wid)) "$(circus.env.cake)"\nnumprocesses = 2\n[env:foo]\nCAKE = is a lie\n',
      )
      for (const index of [1, 2]) await daemon.sees(new RegExp(`number ${index} ${index} is a lie`))
    },
  },
  {
    number: '70',
    behaviour: 'umask is inherited, or set for all',
    circus: '755 with 022, 775 with 002; umask = 000 in [circus] makes 777',
    verdict: 'same',
    here: 'likewise',
    async test({ up, dir }) {
      for (const mask of ['022', '002']) {
        const daemon = await up(makesDirectory(`inherits-${mask}`), { before: `umask ${mask}` })
        await daemon.sees(/made/)
        assert.equal(modeOf(join(dir, `inherits-${mask}`)), mask === '022' ? '755' : '775')
        await daemon.ctl('quit')
        await daemon.ended
      }
      const daemon = await up(`[circus]\numask = 000\n${makesDirectory('set')}`, { before: 'umask 022' })
      await daemon.sees(/made/)
      assert.equal(modeOf(join(dir, 'set')), '777')
    },
  },
  {
    number: '71',
    behaviour: 'uid and gid may be those that one has already',
    circus: 'works, with initgroups()',
    verdict: 'same',
    here: 'by number or by name',
    async test({ up }) {
      const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
      const daemon = await up(`[watcher:foo]\ncmd = sleep 1000\nuid = ${uid}\ngid = ${gid}\n`)
      const [pid] = await waitForPids(daemon, 'foo', 1)
      assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), new RegExp(`^Uid:\\s+${uid}\\s+${uid}\\s.*\nGid:\\s+${gid}\\s+${gid}\\s`, 'm'))
    },
  },
  {
    number: '72',
    behaviour: 'the mode of a Unix socket follows its umask',
    circus: 'umask = 000 → 777',
    verdict: 'same',
    here: 'umask = 000 → 777, umask = 077 → 700',
    async test({ up, dir }) {
      const daemon = await up(`${LISTENS}[socket:a]\npath = a.sock\numask = 000\n[socket:b]\npath = b.sock\numask = 077\n`)
      await waitForPids(daemon, 'foo', 1)
      assert.equal(modeOf(join(dir, 'a.sock')), '777')
      assert.equal(modeOf(join(dir, 'b.sock')), '700')
    },
  },
  {
    number: '73',
    behaviour: 'the path of a Unix socket is gone in the end',
    circus: 'removed at close',
    verdict: 'same',
    here: 'removed, if it is still ours',
    async test({ up, dir }) {
      const daemon = await up(`${LISTENS}[socket:a]\npath = a.sock\n`)
      await waitForPids(daemon, 'foo', 1)
      await connectTo({ path: join(dir, 'a.sock') })
      await daemon.ctl('quit')
      await daemon.ended
      assert.ok(!existsSync(join(dir, 'a.sock')))
    },
  },
  {
    number: '74',
    behaviour: 'a path that is there already is refused, or replaced',
    circus: 'replace = False, replace = True: whatever is there',
    verdict: 'better',
    here: 'likewise, but nothing is ever replaced that is not a socket',
    async test({ up, run, write, dir }) {
      writeFileSync(join(dir, 'a.sock'), '')
      for (const replace of ['False', 'True']) {
        assertRefused(await run(['up', '--circus', write('refused.ini', replaces(replace))]), /a\.sock.*\[NIXPACK_SOCKET_UNAVAILABLE\]/s)
        assert.ok(statSync(join(dir, 'a.sock')).isFile())
      }
      await leaveSocket(join(dir, 'a.sock'))
      assertRefused(await run(['up', '--circus', write('refused.ini', replaces('False'))]), /a\.sock.*\[NIXPACK_SOCKET_UNAVAILABLE\]/s)
      const daemon = await up(replaces('True'))
      await waitForPids(daemon, 'foo', 1)
      await connectTo({ path: join(dir, 'a.sock') })
    },
  },
  {
    number: '75',
    behaviour: 'port 0: the real port is told',
    circus: '`listsockets`',
    verdict: 'same',
    here: '`listsockets`',
    async test({ up }) {
      const daemon = await up(`${LISTENS}[socket:a]\nhost = 127.0.0.1\nport = 0\n`)
      await waitForPids(daemon, 'foo', 1)
      const [, port] = /127\.0\.0\.1:(\d+)/.exec(await daemon.ctl('listsockets')) ?? []
      assert.ok(Number(port) > 0)
      await connectTo({ host: '127.0.0.1', port: Number(port) })
    },
  },
  {
    number: '76',
    behaviour: 'so_reuseport: a socket for each process',
    circus: 'bound per worker',
    verdict: 'same',
    here: 'bound per instance; the address is kept while there is none',
    async test({ up }) {
      const daemon = await up(
        '[watcher:foo]\ncmd = /bin/sh -c "echo has $(readlink /proc/self/fd/$(circus.sockets.a)); exec sleep 1000"\nnumprocesses = 2\nuse_sockets = True\n[socket:a]\nhost = 127.0.0.1\nport = 0\nso_reuseport = True\n',
      )
      await daemon.event('two were spawned', () => daemon.events.filter(({ kind }) => kind === 'spawned').length === 2)
      await daemon.sees(/has socket:(.|\n)*has socket:/)
      const inodes = [...daemon.output().matchAll(/has (socket:\[\d+\])/g)].map(([, inode]) => inode)
      assert.equal(new Set(inodes).size, 2, inodes.join(' '))
    },
  },
  {
    number: '77',
    behaviour: 'the descriptor of a socket is inherited',
    circus: 'use_sockets and $(circus.sockets.NAME)',
    verdict: 'better',
    here: 'likewise, and as LISTEN_FDS; others have no descriptor of it',
    async test({ up }) {
      const tells =
        'echo "$0 has $(readlink /proc/self/fd/$(circus.sockets.a)), of $LISTEN_FDS $LISTEN_FDNAMES, me: $(test "$LISTEN_PID" = $$ && echo yes)"; exec sleep 1000'
      const daemon = await up(
        `[watcher:user]\ncmd = /bin/sh -c '${tells}' user\nuse_sockets = True\n[watcher:other]\ncmd = /bin/sh -c 'echo other has $(ls -l /proc/self/fd | grep -c socket:); exec sleep 1000'\n[socket:a]\npath = a.sock\n`,
      )
      await daemon.sees(/user has socket:\[\d+\], of 1 a, me: yes/)
      await daemon.sees(/other has 0/)
    },
  },
  {
    number: '78',
    behaviour: 'stdin_socket is standard input; one that does not exist is refused',
    circus: 'descriptor 0; an exception',
    verdict: 'same',
    here: 'descriptor 0; refused with its line',
    async test({ up, run, write }) {
      const path = write('missing.ini', '[watcher:foo]\ncmd = sleep 1000\nstdin_socket = nope\n')
      assertRefused(await run(['up', '--circus', path]), /missing\.ini:3: "stdin_socket": there is no \[socket:nope\]/, 2)
      const daemon = await up('[watcher:foo]\ncmd = /bin/sh -c "readlink /proc/$$/fd/0 >stdin; exec sleep 1000"\nstdin_socket = a\n[socket:a]\npath = a.sock\n')
      await waitForText(join(daemon.dir, 'stdin'), /^socket:\[\d+\]\n$/)
    },
  },
]
