// Hosts that are really different, without further restrictions, as a user and as root.
import { refused, works } from './row.ts'
import type { Expectations, Row } from './row.ts'

const NEEDS_ROOT = refused('STORE_UNAVAILABLE', 'engine mount: unshare(CLONE_NEWNS): Operation not permitted (needs root)')
const NO_STORE = refused('STORE_UNAVAILABLE', 'engine host: stat /nix/store: No such file or directory')
const NOT_ALL = refused('STORE_UNAVAILABLE', 'engine host: lstat …: No such file or directory')
const NOT_WRITABLE = refused('STORE_UNAVAILABLE', 'engine nix-dir: mkdir /nix: Permission denied')
const STORE_NOT_WRITABLE = refused('STORE_UNAVAILABLE', 'engine nix-dir: mkdir /nix/store: Permission denied')

export const AS_USER: Expectations = {
  auto: works('userns'),
  host: NO_STORE,
  mount: NEEDS_ROOT,
  userns: works('userns'),
  relocate: works('relocate'),
  'nix-dir': NOT_WRITABLE,
}

export const AS_ROOT: Expectations = {
  auto: works('mount'),
  host: NO_STORE,
  mount: works('mount'),
  userns: works('userns'),
  relocate: works('relocate'),
  'nix-dir': works('nix-dir'),
}

const WITH_SOME_PATHS: Expectations = { host: NOT_ALL, 'nix-dir': STORE_NOT_WRITABLE }
const WITH_ALL_PATHS: Expectations = { auto: works('host'), host: works('host'), 'nix-dir': STORE_NOT_WRITABLE }

const NO_PROC = refused('STORE_UNAVAILABLE', 'engine userns: open(/proc/self/uid_map): No such file or directory (/proc is not mounted)')
const NO_CACHE = refused('CACHE_UNWRITABLE', 'cannot find a usable cache directory')
const NO_RUN_DIRECTORY = refused('CONFIG_UNWRITABLE', 'cannot make a private run directory')

export const HOST_ROWS: readonly Row[] = [
  { title: 'Debian, user', host: 'debian', user: 'user', expect: AS_USER },
  { title: 'Debian, root', host: 'debian', user: 'root', expect: AS_ROOT },
  { title: 'busybox only, user', host: 'busybox', user: 'user', expect: AS_USER },
  { title: 'busybox only, root', host: 'busybox', user: 'root', expect: AS_ROOT },
  { title: 'musl, user', host: 'musl', user: 'user', expect: AS_USER },
  { title: 'musl, root', host: 'musl', user: 'root', expect: AS_ROOT },
  { title: '/nix/store with foreign paths, user', host: 'store-foreign', user: 'user', expect: { ...AS_USER, ...WITH_SOME_PATHS } },
  { title: '/nix/store with foreign paths, root', host: 'store-foreign', user: 'root', expect: { ...AS_ROOT, host: NOT_ALL } },
  { title: '/nix/store with some of our paths, user', host: 'store-some', user: 'user', expect: { ...AS_USER, ...WITH_SOME_PATHS } },
  { title: '/nix/store with some of our paths, root', host: 'store-some', user: 'root', expect: { ...AS_ROOT, host: NOT_ALL } },
  { title: '/nix/store with all of our paths, user', host: 'store-all', user: 'user', expect: { ...AS_USER, ...WITH_ALL_PATHS } },
  { title: '/nix/store with all of our paths, root', host: 'store-all', user: 'root', expect: { ...AS_ROOT, auto: works('host'), host: works('host') } },
  { title: 'like NixOS, user', host: 'nixos', user: 'user', expect: { ...AS_USER, ...WITH_SOME_PATHS } },
  { title: 'like NixOS, root', host: 'nixos', user: 'root', expect: { ...AS_ROOT, host: NOT_ALL } },
  {
    title: 'the bundle alone (no /proc, /dev, /tmp), user',
    host: 'empty',
    user: 'user',
    expect: { ...AS_USER, auto: refused('STORE_UNAVAILABLE', 'cannot find a usable cache directory'), userns: NO_PROC, relocate: NO_CACHE },
  },
  {
    title: 'the bundle alone (no /proc, /dev, /tmp), root',
    host: 'empty',
    user: 'root',
    // There is not even a directory on which something could be mounted.
    expect: {
      ...AS_ROOT,
      auto: works('nix-dir'),
      mount: refused('STORE_UNAVAILABLE', 'engine mount: mount(tmpfs): No such file or directory'),
      userns: NO_PROC,
      relocate: NO_CACHE,
    },
    composed: { auto: NO_RUN_DIRECTORY, 'nix-dir': NO_RUN_DIRECTORY },
  },
]
