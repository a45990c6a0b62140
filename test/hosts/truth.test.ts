// The hosts and the restrictions are what they are called: shown by programs of the hosts themselves.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'

import { killBundles } from '../helpers/bundle-process.ts'
import { enterHost, hostsDir } from './enter-host.ts'
import { USER } from './hosts.ts'
import type { HostName } from './hosts.ts'
import { finish } from './outcome.ts'
import { APPARMOR, ENOSYS, KILLS, NOEXEC_EVERYWHERE, NO_USERNS, OLD_KERNEL } from './restriction-rows.ts'
import type { Change } from './row.ts'

afterEach(killBundles)

const runShell = async (host: HostName, script: string, { steps = [], limits = [] }: Change = {}): Promise<string> => {
  const run = await enterHost({
    host,
    uid: USER.uid,
    file: '/bin/sh',
    argv: ['sh', '-c', script],
    env: { PATH: '/bin:/usr/bin:/usr/sbin' },
    cwd: '/',
    steps,
    limits,
    isProcess1: false,
    throwaway: false,
  })
  run.child.stdin?.end()
  await finish({ ...run, innerPid: 2, cwd: '/' })
  return `${run.stdout()}${run.stderr()}`
}

describe('the host', () => {
  test.each([
    ['busybox', 'ls -d /lib* /usr/lib* /nix 2>/dev/null; readlink /bin/sh', 'busybox\n'],
    ['musl', 'ls -d /lib64 /nix 2>/dev/null; ls /lib; musl-program', `ld-musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1\nlinked against musl\n`],
    ['debian', '. /etc/os-release; ls -d /nix 2>/dev/null; echo $ID; id -un', 'debian\nuser\n'],
    ['store-foreign', 'ls /nix/store', 'dddddddddddddddddddddddddddddddd-foreign\n'],
    [
      'nixos',
      'ls -d /lib* /usr/lib* 2>/dev/null; ls /usr/bin; readlink /bin/sh; stat -c %U /nix/store',
      'env\n/nix/store/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee-system/bin/sh\nroot\n',
    ],
  ] as const)('%s is what it is called', async (host, script, output) => {
    expect(await runShell(host, script)).toBe(output)
  })

  test('store-some has some of the paths that store-all has', async () => {
    const [some, all] = await Promise.all([runShell('store-some', 'ls /nix/store'), runShell('store-all', 'ls /nix/store')])
    const known = new Set(all.split('\n'))
    expect(some.split('\n').filter((path) => /-(glibc|redis)-/.test(path) && known.has(path))).toHaveLength(2)
    expect(known.size).toBeGreaterThan(some.split('\n').length)
  })

  test('empty holds nothing but bundles', () => {
    expect(readdirSync(join(hostsDir(), 'empty')).sort()).toEqual(['bash', 'hello', 'markov'])
  })
})

const NAMESPACES = 'unshare --user --map-root-user true; echo $?; unshare --user --map-root-user --mount mount -t tmpfs none /mnt; echo $?'

const RESTRICTIONS: readonly { readonly name: string; readonly change: Change; readonly script?: string; readonly output: RegExp }[] = [
  { name: 'none', change: {}, output: /^0\n0\n$/ },
  { name: 'no user namespaces', change: NO_USERNS, output: /^1\n1\nunshare: unshare failed: No space left on device\n/ },
  { name: 'mount refused after unshare', change: APPARMOR, output: /^0\n1\nunshare: cannot change root filesystem propagation: Permission denied\n$/ },
  { name: 'seccomp that kills', change: KILLS, output: /^159\n159\n/ },
  { name: 'seccomp with ENOSYS', change: ENOSYS, output: /^1\n1\nunshare: unshare failed: Function not implemented\n/ },
  // clone3 and faccessat2, whose numbers are the same everywhere: ENOSYS, which a kernel that has them does not say.
  {
    name: 'system calls of an old kernel',
    change: OLD_KERNEL,
    script: `perl -e 'my $path = "/"; for my $call (435, 439) { $! = 0; syscall($call, -100, $path, 0, 0); print $! + 0, "\\n" }'`,
    output: /^38\n38\n$/,
  },
  { name: 'no /proc', change: { steps: ['unmount', '/proc'] }, script: 'ls /proc', output: /^$/ },
  { name: 'limits', change: { limits: ['limit', 'nofile', '64', 'limit', 'as', '1073741824'] }, script: 'ulimit -n; ulimit -v', output: /^64\n1048576\n$/ },
  {
    name: 'noexec',
    change: NOEXEC_EVERYWHERE,
    script: 'for d in /tmp /var/tmp /dev/shm /home/user; do cp /bin/true $d/t; $d/t || echo $?; done 2>&1',
    output: /^(sh: \d+: \S+: Permission denied\n126\n){4}$/,
  },
]

test.each(RESTRICTIONS)('the restriction "$name" does what it is called', async ({ change, script = NAMESPACES, output }) => {
  expect(await runShell('debian', script, change)).toMatch(output)
})
