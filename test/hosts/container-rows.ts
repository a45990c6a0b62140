// Real containers (podman as root) of an image that holds the bundles and nothing else: the bundle is process 1 there.
import { join } from 'node:path'

import { refused, works } from './row.ts'
import type { Row } from './row.ts'

const noEngine = (because: string) => refused('STORE_UNAVAILABLE', because)
const NOT_ROOT_ENOUGH = noEngine('engine mount: unshare(CLONE_NEWNS): Operation not permitted')
const NO_STORE = noEngine('engine host: stat /nix/store: No such file or directory')
export const DOCKER = [`--security-opt=seccomp=${join(import.meta.dirname, 'docker-seccomp.json')}`]
const FILTERED = noEngine(
  'engine userns: unshare(CLONE_NEWUSER|CLONE_NEWNS): Operation not permitted (a seccomp filter, as of a container or of a service manager…)',
)

const NO_CACHE = refused('CACHE_UNWRITABLE', 'cannot find a usable cache directory')

export const CONTAINER_ROWS: readonly Row[] = [
  {
    title: 'FROM scratch, podman, root',
    host: 'empty',
    user: 'root',
    container: [],
    expect: {
      auto: works('userns'),
      host: NO_STORE,
      mount: NOT_ROOT_ENOUGH,
      userns: works('userns'),
      relocate: works('relocate'),
      'nix-dir': works('nix-dir'),
    },
  },
  {
    title: 'FROM scratch, Docker, root',
    host: 'empty',
    user: 'root',
    container: DOCKER,
    expect: { auto: works('relocate'), host: NO_STORE, mount: NOT_ROOT_ENOUGH, userns: FILTERED, relocate: works('relocate'), 'nix-dir': works('nix-dir') },
  },
  {
    title: 'FROM scratch, Docker, --cap-drop=all, --tmpfs=/tmp:exec, root',
    host: 'empty',
    user: 'root',
    container: [...DOCKER, '--cap-drop=all', '--tmpfs=/tmp:exec'],
    expect: { auto: works('relocate'), mount: NOT_ROOT_ENOUGH, userns: FILTERED, relocate: works('relocate') },
  },
  {
    // podman makes / 0555, and root without capabilities is bound to that.
    title: 'FROM scratch, Docker, --cap-drop=all, root',
    host: 'empty',
    user: 'root',
    container: [...DOCKER, '--cap-drop=all'],
    expect: {
      auto: refused('STORE_UNAVAILABLE', 'engine userns: …; engine relocate: cannot find a usable cache directory'),
      relocate: NO_CACHE,
      'nix-dir': noEngine('engine nix-dir: mkdir /nix: Permission denied'),
    },
  },
  {
    title: 'FROM scratch, --privileged, root',
    host: 'empty',
    user: 'root',
    container: ['--privileged'],
    expect: { auto: works('mount'), mount: works('mount'), userns: works('userns'), relocate: works('relocate'), 'nix-dir': works('nix-dir') },
  },
  {
    title: 'FROM scratch, podman, --user 4242',
    host: 'empty',
    user: 'user',
    uid: 4242,
    container: [],
    expect: { auto: works('userns'), mount: NOT_ROOT_ENOUGH, userns: works('userns') },
  },
  {
    title: 'FROM scratch, Docker, --user 4242, --tmpfs=/tmp:exec',
    host: 'empty',
    user: 'user',
    uid: 4242,
    container: [...DOCKER, '--tmpfs=/tmp:exec'],
    expect: { auto: works('relocate'), userns: FILTERED, relocate: works('relocate') },
  },
  {
    title: 'FROM scratch, Docker, --user 4242',
    host: 'empty',
    user: 'user',
    uid: 4242,
    container: DOCKER,
    expect: {
      auto: refused('STORE_UNAVAILABLE', 'engine userns: …; engine relocate: cannot find a usable cache directory'),
      relocate: NO_CACHE,
    },
  },
  {
    title: 'FROM scratch, Docker, --read-only, --tmpfs=/tmp:exec, root',
    host: 'empty',
    user: 'root',
    container: [...DOCKER, '--read-only', '--tmpfs=/tmp:exec'],
    expect: { auto: works('relocate'), relocate: works('relocate'), 'nix-dir': noEngine('engine nix-dir: mkdir /nix: Read-only file system') },
  },
  {
    title: 'FROM scratch, podman, --read-only, root',
    host: 'empty',
    user: 'root',
    container: ['--read-only', '--read-only-tmpfs=false'],
    expect: { auto: works('userns'), 'nix-dir': noEngine('engine nix-dir: mkdir /nix: Read-only file system') },
  },
]
