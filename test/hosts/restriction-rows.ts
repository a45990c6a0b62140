// One host, and each time one thing that it refuses or lacks.
import { AS_ROOT, AS_USER } from './host-rows.ts'
import { refused, works } from './row.ts'
import type { Change, Expectations, Row } from './row.ts'

const noEngine = (because: string) => refused('STORE_UNAVAILABLE', because)

export const NO_USERNS: Change = { limits: ['userns', 'write', '/proc/sys/user/max_user_namespaces', '0'] }
export const APPARMOR: Change = {
  limits: [
    'seccomp',
    ['mount', 'umount2', 'pivot_root', 'move_mount', 'open_tree', 'fsopen', 'fsmount', 'mount_setattr'].map((call) => `${call}=EACCES`).join(','),
  ],
}
const NAMESPACE_CALLS = ['unshare', 'mount', 'umount2', 'pivot_root', 'setns', 'move_mount', 'open_tree', 'fsopen', 'fsmount', 'mount_setattr']
export const KILLS: Change = { limits: ['seccomp', NAMESPACE_CALLS.map((call) => `${call}=kill`).join(',')] }
export const ENOSYS: Change = { limits: ['seccomp', NAMESPACE_CALLS.map((call) => `${call}=ENOSYS`).join(',')] }
export const OLD_KERNEL: Change = {
  limits: [
    'seccomp',
    [
      'clone3',
      'openat2',
      'faccessat2',
      'statx',
      'close_range',
      'memfd_create',
      'copy_file_range',
      'pidfd_open',
      'pidfd_send_signal',
      'io_uring_setup',
      'renameat2',
      'getrandom',
    ]
      .map((call) => `${call}=ENOSYS`)
      .join(','),
  ],
}
const WRITABLE = ['/tmp', '/var/tmp', '/dev/shm', '/var/cache'].flatMap((dir) => ['mount', 'tmpfs', dir, 'mode=1777', 'remount', dir, 'noexec'])
export const NOEXEC_EVERYWHERE: Change = {
  steps: [...WRITABLE, 'bind', '/home/user', '/home/user', 'remount', '/home/user', 'noexec', 'bind', '/root', '/root', 'remount', '/root', 'noexec'],
}
const READ_ONLY_ROOT = ['bind', '/srv', '/srv', 'remount', '/', 'ro']

/** What relocation makes of a host that allows no namespaces. */
const relocates = (userns: string): Expectations => ({ auto: works('relocate'), userns: noEngine(userns), relocate: works('relocate') })

export const RESTRICTION_ROWS: readonly Row[] = [
  {
    title: 'user namespaces off (user.max_user_namespaces=0), user',
    host: 'debian',
    user: 'user',
    change: NO_USERNS,
    expect: {
      ...AS_USER,
      ...relocates('engine userns: unshare(CLONE_NEWUSER|CLONE_NEWNS): No space left on device (switched off by sysctl user.max_user_namespaces=0)'),
    },
  },
  {
    title: 'user namespaces off, root of a user namespace',
    host: 'debian',
    user: 'root',
    change: NO_USERNS,
    expect: {
      ...AS_ROOT,
      userns: noEngine('engine userns: unshare(CLONE_NEWUSER|CLONE_NEWNS): No space left on device (switched off by sysctl user.max_user_namespaces=0)'),
    },
  },
  {
    title: 'mount refused after unshare (AppArmor), user',
    host: 'debian',
    user: 'user',
    change: APPARMOR,
    expect: { ...AS_USER, ...relocates('engine userns: mount(MS_SLAVE): Permission denied') },
  },
  {
    title: 'mount refused after unshare (AppArmor), root',
    host: 'debian',
    user: 'root',
    change: APPARMOR,
    expect: {
      ...AS_ROOT,
      ...relocates('engine userns: mount(MS_SLAVE): Permission denied'),
      mount: noEngine('engine mount: mount(MS_SLAVE): Permission denied'),
    },
  },
  {
    title: 'seccomp as in Docker, user',
    host: 'debian',
    user: 'user',
    change: { limits: ['seccomp', 'docker'] },
    expect: {
      ...AS_USER,
      ...relocates('engine userns: unshare(CLONE_NEWUSER|CLONE_NEWNS): Operation not permitted (a seccomp filter, as of a container or of a service manager…)'),
      mount: noEngine('engine mount: unshare(CLONE_NEWNS): Operation not permitted'),
    },
  },
  {
    title: 'seccomp as in Docker, root',
    host: 'debian',
    user: 'root',
    change: { limits: ['seccomp', 'docker'] },
    expect: {
      ...AS_ROOT,
      ...relocates('engine userns: unshare(CLONE_NEWUSER|CLONE_NEWNS): Operation not permitted (a seccomp filter, as of a container or of a service manager…)'),
      mount: noEngine('engine mount: unshare(CLONE_NEWNS): Operation not permitted'),
    },
  },
  {
    title: 'seccomp that kills, user',
    host: 'debian',
    user: 'user',
    change: KILLS,
    expect: { ...AS_USER, ...relocates('engine userns: trial killed'), mount: noEngine('engine mount: trial killed') },
  },
  {
    title: 'seccomp that kills, root',
    host: 'debian',
    user: 'root',
    change: KILLS,
    expect: { ...AS_ROOT, ...relocates('engine userns: trial killed'), mount: noEngine('engine mount: trial killed') },
  },
  {
    title: 'seccomp with ENOSYS, user',
    host: 'debian',
    user: 'user',
    change: ENOSYS,
    expect: {
      ...AS_USER,
      ...relocates('engine userns: unshare(CLONE_NEWUSER|CLONE_NEWNS): Function not implemented'),
      mount: noEngine('engine mount: unshare(CLONE_NEWNS): Function not implemented'),
    },
  },
  { title: 'system calls of an old kernel, user', host: 'debian', user: 'user', change: OLD_KERNEL, expect: AS_USER },
  {
    title: 'root without CAP_SYS_ADMIN',
    host: 'debian',
    user: 'root',
    change: { limits: ['drop', 'sys_admin'] },
    expect: {
      ...AS_ROOT,
      auto: works('userns'),
      mount: noEngine('engine mount: unshare(CLONE_NEWNS): Operation not permitted (root without CAP_SYS_ADMIN, as in a container)'),
    },
  },
  {
    title: 'root without CAP_SYS_ADMIN, seccomp as in Docker',
    host: 'debian',
    user: 'root',
    change: { limits: ['drop', 'sys_admin', 'seccomp', 'docker'] },
    expect: {
      ...AS_ROOT,
      ...relocates('engine userns: unshare(CLONE_NEWUSER|CLONE_NEWNS): Operation not permitted (a seccomp filter, as of a container or of a service manager…)'),
      mount: noEngine('engine mount: unshare(CLONE_NEWNS): Operation not permitted'),
    },
  },
  {
    title: 'read-only /, with a writable /tmp, user',
    host: 'debian',
    user: 'user',
    change: { steps: [...READ_ONLY_ROOT, 'mount', 'tmpfs', '/tmp', 'mode=1777'] },
    expect: { ...AS_USER, 'nix-dir': noEngine('engine nix-dir: mkdir /nix: Read-only file system') },
  },
  {
    title: 'read-only /, with a writable /tmp, root',
    host: 'debian',
    user: 'root',
    change: { steps: [...READ_ONLY_ROOT, 'mount', 'tmpfs', '/tmp', 'mode=1777'] },
    expect: { ...AS_ROOT, 'nix-dir': noEngine('engine nix-dir: mkdir /nix: Read-only file system') },
  },
  {
    title: 'read-only /, nothing writable but /dev/shm, user',
    host: 'debian',
    user: 'user',
    change: { steps: READ_ONLY_ROOT },
    expect: { auto: works('userns'), userns: works('userns'), relocate: works('relocate') },
  },
  {
    title: 'noexec /tmp, user',
    host: 'debian',
    user: 'user',
    change: { steps: WRITABLE.slice(0, 7), env: { HOME: undefined } },
    expect: { auto: works('userns'), relocate: works('relocate') },
  },
  {
    title: 'noexec in every writable directory, user',
    host: 'debian',
    user: 'user',
    change: NOEXEC_EVERYWHERE,
    expect: {
      ...AS_USER,
      relocate: refused(
        'CACHE_UNWRITABLE',
        'execve("probe"): Permission denied (/home/user is mounted noexec)…execve("probe"): Permission denied (/tmp is mounted noexec)',
      ),
    },
  },
  {
    title: 'noexec in every writable directory, root',
    host: 'debian',
    user: 'root',
    change: NOEXEC_EVERYWHERE,
    expect: {
      ...AS_ROOT,
      relocate: refused(
        'CACHE_UNWRITABLE',
        'execve("probe"): Permission denied (/root is mounted noexec)…execve("probe"): Permission denied (/tmp is mounted noexec)',
      ),
    },
  },
  {
    title: 'noexec in every writable directory, no user namespaces, user',
    host: 'debian',
    user: 'user',
    change: { ...NOEXEC_EVERYWHERE, ...NO_USERNS },
    expect: {
      auto: refused(
        'STORE_UNAVAILABLE',
        '(switched off by sysctl user.max_user_namespaces=0)…execve("probe"): Permission denied (/home/user is mounted noexec)',
      ),
      relocate: refused('CACHE_UNWRITABLE', 'execve("probe"): Permission denied (/home/user is mounted noexec)'),
    },
  },
  {
    title: 'no /proc, user',
    host: 'debian',
    user: 'user',
    change: { steps: ['unmount', '/proc'] },
    expect: { ...AS_USER, ...relocates('engine userns: open(/proc/self/uid_map): No such file or directory (/proc is not mounted)') },
  },
  {
    title: 'no /proc, root',
    host: 'debian',
    user: 'root',
    change: { steps: ['unmount', '/proc'] },
    expect: { ...AS_ROOT, userns: noEngine('engine userns: open(/proc/self/uid_map): No such file or directory (/proc is not mounted)') },
  },
  {
    title: 'no /dev/shm, user',
    host: 'debian',
    user: 'user',
    change: { steps: ['unmount', '/dev/shm', 'rmdir', '/dev/shm'] },
    expect: { auto: works('userns'), relocate: works('relocate') },
  },
  {
    title: '/dev/shm of 64 MiB, user',
    host: 'debian',
    user: 'user',
    change: { steps: ['unmount', '/dev/shm', 'mount', 'tmpfs', '/dev/shm', 'size=64m,mode=1777'] },
    expect: { auto: works('userns'), relocate: works('relocate') },
  },
]
