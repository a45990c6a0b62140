// One host that allows everything, and unusual ways to be started there.
import { AS_ROOT, AS_USER } from './host-rows.ts'
import { refused, works } from './row.ts'
import type { Change, Expectations, Row } from './row.ts'

const BOTH_KINDS: Expectations = { auto: works('userns'), relocate: works('relocate') }
const row = (title: string, change: Change, more: Partial<Row> = {}): Row => ({
  title: `${title}, user`,
  host: 'debian',
  user: 'user',
  change,
  expect: BOTH_KINDS,
  ...more,
})

const LONG_DIRECTORIES = Array.from({ length: 16 }, (_, depth) => `/mnt${`/${'d'.repeat(246)}`.repeat(depth + 1)}`)
const LONG_DIRECTORY = LONG_DIRECTORIES.at(-1) ?? ''
const from = (directory: string, more: readonly string[] = []): Change => ({
  steps: ['mkdir', directory, '755', 'bind', '/srv/bundles', directory, ...more],
  file: (name) => `${directory}/${name}`,
})

/** Of Debian, the dynamic linker. */
const LOADER = process.arch === 'arm64' ? '/lib/ld-linux-aarch64.so.1' : '/lib64/ld-linux-x86-64.so.2'

export const START_ROWS: readonly Row[] = [
  row('HOME not set', { env: { HOME: undefined } }),
  row('HOME empty', { env: { HOME: '' } }),
  row('HOME not writable', { env: { HOME: '/root' }, warning: /^$|^zero: \/root\/\.bashrc: Permission denied\n$/ }),
  row('HOME a relative path', { env: { HOME: 'home/user' } }),
  row('HOME that does not exist', { env: { HOME: '/home/nobody' } }),
  row('HOME on another file system', { steps: ['mount', 'tmpfs', '/home/user', 'mode=0700,uid=1000'] }),
  row('HOME with a long path', {
    steps: ['mkdir', `/home/${'h'.repeat(60)}`, '777', 'chown', `/home/${'h'.repeat(60)}`, '1000'],
    env: { HOME: `/home/${'h'.repeat(60)}` },
  }),
  row('cache on a read-only mount', {
    steps: [
      'mkdir',
      '/home/user/.cache',
      '700',
      'chown',
      '/home/user/.cache',
      '1000',
      'bind',
      '/home/user/.cache',
      '/home/user/.cache',
      'remount',
      '/home/user/.cache',
      'ro',
    ],
  }),
  row('HOME with a space', { steps: ['mkdir', '/home/a user', '700', 'chown', '/home/a user', '1000'], env: { HOME: '/home/a user' } }),
  { title: 'uid without a passwd entry', host: 'debian', user: 'user', uid: 4242, expect: AS_USER },
  { title: 'process 1, user', host: 'debian', user: 'user', change: { isProcess1: true }, expect: AS_USER },
  { title: 'process 1, root', host: 'debian', user: 'root', change: { isProcess1: true }, expect: AS_ROOT },
  row('working directory that was removed', {
    steps: ['mkdir', '/srv/removed', '777'],
    cwd: '/srv/removed',
    limits: ['rmdir', '/srv/removed'],
    env: { MARKOV_DATA_DIR: '/tmp' },
    // Without a mount a plain bundle is in it all the same, as the program would be, and bash says so.
    seenCwd: (engine) => (engine === 'userns' ? '/' : ''),
    warning: /^$|^shell-init: error retrieving current directory|warning: the working directory was removed or is not visible to this process; it is "\/" now/,
  }),
  row('working directory below a later mount', {
    steps: ['mkdir', '/mnt/hidden', '777'],
    cwd: '/mnt/hidden',
    limits: ['mount', 'tmpfs', '/mnt', 'mode=0755'],
    env: { MARKOV_DATA_DIR: '/tmp' },
    seenCwd: (engine) => (engine === 'userns' ? '/' : '/mnt/hidden'),
    warning: /^$|warning: the working directory "\/mnt\/hidden" is not visible to the program: No such file or directory; it is "\/" now/,
  }),
  row('working directory that the user may not enter', {
    steps: ['mkdir', '/root/secret', '700'],
    cwd: '/root/secret',
    env: { MARKOV_DATA_DIR: '/tmp' },
    seenCwd: (engine) => (engine === 'userns' ? '/' : '/root/secret'),
    warning: /^$|warning: the working directory was removed or is not visible to this process; it is "\/" now/,
  }),
  row('file in a directory with spaces and line feeds', from('/mnt/a directory\nwith "everything"\t$HOME')),
  row('file with a path of 4,000 characters', {
    steps: [...LONG_DIRECTORIES.flatMap((directory) => ['mkdir', directory, '755']), 'bind', '/srv/bundles', LONG_DIRECTORY],
    file: (name) => `${LONG_DIRECTORY}/${name}`,
  }),
  row('through a symbolic link', { steps: ['symlink', '/srv/bundles', '/mnt/link'], file: (name) => `/mnt/link/${name}` }),
  row('an empty argument list', { argv0: null }),
  row('a name in argv[0] that is not the file', { argv0: '-login shell' }),
  row('file on a read-only mount', from('/mnt/read-only', ['remount', '/mnt/read-only', 'ro'])),
  row('file on a noexec mount', from('/mnt/noexec', ['remount', '/mnt/noexec', 'noexec']), {
    expect: { auto: refused('', 'exec /mnt/noexec/', 126) },
  }),
  row('through ld.so', { loader: LOADER }),
  row(
    'file on a noexec mount, through ld.so',
    { ...from('/mnt/noexec', ['remount', '/mnt/noexec', 'noexec']), loader: LOADER },
    { expect: { auto: refused('', 'failed to map segment from shared object', 127) } },
  ),
  row('RLIMIT_NOFILE 64', { limits: ['limit', 'nofile', '64'] }),
  row('RLIMIT_AS 1 GiB', { limits: ['limit', 'as', '1073741824'] }),
]
