// The hosts of the matrix by name, and what the tests know about them.

export const HOSTS = {
  busybox: 'static busybox only: no C library, no other shell',
  musl: 'musl: busybox and programs linked against musl',
  debian: 'Debian',
  'store-foreign': 'a /nix/store of its own, with none of our paths',
  'store-some': 'a /nix/store with some of our paths',
  'store-all': 'a /nix/store with all of our paths',
  nixos: 'like NixOS: no /lib64, no /usr/bin but env, /bin/sh in /nix/store',
  empty: 'the bundle alone: no /proc, no /dev, no /tmp',
} as const

export type HostName = keyof typeof HOSTS

export const HOST_NAMES: readonly HostName[] = ['busybox', 'musl', 'debian', 'store-foreign', 'store-some', 'store-all', 'nixos', 'empty']

export const USER = { name: 'user', uid: 1000 } as const

/** Where Debian has the closure of the bash bundle. */
export const ASIDE_STORE = '/srv/store'

/** What hosts with a store of their own have in it besides: a file that a program inside can read. */
export const FOREIGN_PATH = '/nix/store/dddddddddddddddddddddddddddddddd-foreign'
export const FOREIGN_TEXT = 'a path of the host'

export const hasStore = (host: HostName): boolean => host.startsWith('store-') || host === 'nixos'
