// One body for all engines: a bash in the bundle must see what a bash of the host sees when it is started directly.
import { afterEach, describe, expect, test } from 'vitest'

import { killBundles } from '../helpers/bundle-process.ts'
import { enterHost } from './enter-host.ts'
import { ASIDE_STORE, USER } from './hosts.ts'
import type { HostName } from './hosts.ts'
import { finish } from './outcome.ts'
import type { Engine } from './row.ts'

afterEach(killBundles)

const BUNDLED = '/srv/bundles/bash'
/** Programs of the host, called from the one in the bundle. */
const BODY = `
  exec 2>&1
  echo "pid $$, parent $PPID, directory $PWD, $# arguments: <$1> <$2>, name $0"
  id; umask; ulimit -a | grep -v -e 'pending signals' -e 'max user processes'
  env | grep -v -e ^_= -e ^NIXPACK_ | sort
  for entry in /*; do [ $entry = /nix ] || echo "$entry"; done
  stat -c "%n %a %h" /tmp /etc/passwd; cat /etc/passwd; ls /proc/self/fd; trap
  read -r typed; echo "typed: $typed"
  echo written >file; cat file; mkfifo pipe; ls -l pipe | cut -c1-10
  echo shared >/tmp/np-$ENGINE; cat /dev/null; head -c 3 /dev/zero | od -c
  sh -c 'kill -TERM $$'; echo "killed: $?"
  (sleep 1000 & echo $! >/tmp/np-$ENGINE-pid); kill "$(cat /tmp/np-$ENGINE-pid)"; echo "background: $?"
  getent hosts localhost | grep -c localhost
  exit 7`

type Start = {
  readonly host: HostName
  readonly uid: number
  readonly engine: Engine | undefined
  readonly script: string
  readonly hasStore?: boolean
}

const BIND_STORE = ['mkdir', '/nix', '755', 'mkdir', '/nix/store', '755', 'bind', ASIDE_STORE, '/nix/store']

/** Without an engine it is the host's own bash. */
const runBash = async ({ host, uid, engine, script, hasStore = false }: Start) => {
  const own = `/srv/engines-${uid}-${engine ?? 'none'}-${process.pid}`
  const home = uid === 0 ? '/root' : `/home/${USER.name}`
  const run = await enterHost({
    host,
    uid,
    file: engine === undefined ? '/bin/bash' : BUNDLED,
    argv: ['a name', '-c', script, 'zero', 'one argument', ''],
    env: {
      PATH: '/usr/bin:/bin:/usr/sbin',
      HOME: home,
      EMPTY: '',
      LINES_OF: 'two\nlines',
      ENGINE: 'x',
      ...(engine === undefined ? {} : { NIXPACK_ENGINE: engine }),
    },
    cwd: own,
    steps: [...(hasStore ? BIND_STORE : []), 'mkdir', own, '700', 'chown', own, `${uid}`, 'bind', own, '/mnt', 'chown', '/mnt', `${uid}`],
    limits: ['chdir', '/mnt', 'limit', 'nofile', '500'],
    isProcess1: false,
    throwaway: true,
  })
  run.child.stdin?.end('a line\nanother\n')
  const end = await finish({ ...run, innerPid: 2, cwd: '/mnt' })
  return { ...end, stdout: run.stdout(), stderr: run.stderr() }
}

describe.each([
  { who: 'user', uid: USER.uid, engines: ['host', 'userns', 'relocate'] },
  { who: 'root', uid: 0, engines: ['host', 'mount', 'userns', 'relocate', 'nix-dir'] },
] as const)('started by $who', ({ uid, engines }) => {
  test.each(engines)('with the engine %s a program sees what it would see without a bundle', async (engine) => {
    const start = { host: 'debian', uid, script: BODY, hasStore: engine === 'host' } as const
    const direct = await runBash({ ...start, engine: undefined })
    expect(direct).toMatchObject({ status: 7, stderr: '' })
    expect(await runBash({ ...start, engine })).toEqual(direct)
  })
})

describe.each([
  ['userns', USER.uid],
  ['relocate', USER.uid],
  ['mount', 0],
  ['userns', 0],
  ['relocate', 0],
  ['nix-dir', 0],
] as const)('engine %s, uid %i', (engine, uid) => {
  test('user namespaces can be made inside', async () => {
    const { stdout, stderr } = await runBash({
      host: 'debian',
      uid,
      engine,
      script: 'unshare --user --map-root-user --mount id -u; unshare --user --map-root-user --pid --fork id -u',
    })
    expect({ stdout, stderr }).toEqual({ stdout: '0\n0\n', stderr: '' })
  })

  test(`a setuid program of the host ${engine === 'userns' && uid !== 0 ? 'does not get its rights' : 'gets its rights'}`, async () => {
    const { stdout } = await runBash({ host: 'debian', uid, engine, script: 'whose-rights' })
    expect(stdout).toBe(engine === 'userns' && uid !== 0 ? `${USER.uid}\n` : '0\n')
  })
})

test('with the engine host a setuid program of the host gets its rights, and user namespaces can be made', async () => {
  const { stdout } = await runBash({ host: 'store-all', uid: USER.uid, engine: 'host', script: 'whose-rights; unshare -U -r id -u' })
  expect(stdout).toBe('0\n0\n')
})
