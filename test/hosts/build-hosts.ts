// Makes the root file systems of the hosts, each in a directory of its own. Bundles never lie in them: they are mounted
// at /srv/bundles, except in the empty one, which holds nothing else.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

import { bundlePath, nixpack } from '../helpers/e2e-bundles.ts'
import type { BundleName } from '../helpers/e2e-bundles.ts'
import { ASIDE_STORE, FOREIGN_PATH, FOREIGN_TEXT, HOST_NAMES, USER } from './hosts.ts'
import type { HostName } from './hosts.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const BUSYBOX = '/bin/busybox'

/** Builds all hosts below `dir`; returns how long each took. */
export const buildHosts = (dir: string): void => {
  for (const host of HOST_NAMES) {
    const root = join(dir, host)
    mkdirSync(root)
    BUILDERS[host](root)
  }
}

const BUILDERS: Readonly<Record<HostName, (root: string) => void>> = {
  busybox: (root) => addBusybox(root),
  musl: (root) => {
    addBusybox(root)
    addMusl(root)
  },
  debian: (root) => {
    execFileSync('tar', ['-C', root, '-xf', debianTarball()])
    addUser(root)
    addSetuidProgram(root)
    // A store to be: a test may bind it to /nix/store.
    mkdirSync(join(root, ASIDE_STORE))
    for (const path of storePathsOf('bash')) execFileSync('cp', ['-a', path, join(root, ASIDE_STORE)])
  },
  'store-foreign': (root) => {
    addBusybox(root)
    addStore(root, [])
  },
  'store-some': (root) => {
    addBusybox(root)
    addStore(
      root,
      storePathsOf('script').filter((path) => /-(glibc|redis|coreutils)-/.test(path)),
    )
  },
  'store-all': (root) => {
    addBusybox(root)
    addStore(root, [...storePathsOf('markov'), ...storePathsOf('hello'), ...storePathsOf('bash')])
    addSetuidProgram(root)
  },
  nixos: addNixos,
  empty: (root) => {
    for (const name of ['hello', 'bash', 'markov'] as const) copyFileSync(bundlePath(name), join(root, name))
  },
}

function addUser(root: string): void {
  for (const directory of ['proc', 'dev', 'etc', 'root', 'run', 'srv', 'srv/bundles', 'mnt', 'var', 'var/tmp', 'var/cache', 'home', `home/${USER.name}`])
    mkdirSync(join(root, directory), { recursive: true })
  for (const directory of ['tmp', 'var/tmp']) {
    mkdirSync(join(root, directory), { recursive: true })
    chmodSync(join(root, directory), 0o1777)
  }
  chmodSync(join(root, 'root'), 0o700)
  chmodSync(join(root, 'home', USER.name), 0o700)
  chownSync(join(root, 'home', USER.name), USER.uid, USER.uid)
  writeFileSync(join(root, 'etc/passwd'), `root:x:0:0:root:/root:/bin/sh\n${USER.name}:x:${USER.uid}:${USER.uid}::/home/${USER.name}:/bin/sh\n`)
  writeFileSync(join(root, 'etc/group'), `root:x:0:\n${USER.name}:x:${USER.uid}:\n`)
}

/** As sudo is: it says whose rights it has. */
function addSetuidProgram(root: string): void {
  const [source, program] = [join(root, 'whose-rights.c'), join(root, 'bin/whose-rights')]
  writeFileSync(source, '#include <stdio.h>\n#include <unistd.h>\nint main(void) { printf("%d\\n", (int)geteuid()); }\n')
  execFileSync('gcc', ['-static', '-o', program, source])
  chmodSync(program, 0o4755)
  rmSync(source)
}

function addBusybox(root: string): void {
  addUser(root)
  mkdirSync(join(root, 'bin'))
  copyFileSync(BUSYBOX, join(root, 'bin/busybox'))
  for (const applet of execFileSync(BUSYBOX, ['--list'], { encoding: 'utf8' }).trim().split('\n'))
    if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet))
}

/** The dynamic linker of musl, which is its C library, and a program that is linked against it. */
function addMusl(root: string): void {
  const [loader] = globSync('/lib/ld-musl-*.so.1')
  if (loader === undefined) throw new Error("there is no /lib/ld-musl-*.so.1: Debian's package musl brings it")
  mkdirSync(join(root, 'lib'))
  copyFileSync(loader, join(root, loader))
  const source = join(root, 'musl-program.c')
  writeFileSync(source, '#include <stdio.h>\nint main(void) { puts("linked against musl"); }\n')
  execFileSync('musl-gcc', ['-o', join(root, 'bin/musl-program'), source])
  rmSync(source)
}

/** minbase, without what only apt needs. Kept in build/, because it comes over the network. */
const debianTarball = (): string => {
  const tarball = join(ROOT, 'build', 'hosts', 'debian.tar')
  if (existsSync(tarball)) return tarball
  const suite = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'stable'
  mkdirSync(dirname(tarball), { recursive: true })
  const dir = mkdtempSync('/var/tmp/nixpack-debootstrap-')
  const root = join(dir, 'root')
  console.log(`hosts: debootstrap of Debian ${suite}, kept in ${tarball}`)
  execFileSync('debootstrap', ['--variant=minbase', suite, root, ...mirrorOf(suite)], { stdio: ['ignore', 'ignore', 'inherit'] })
  execFileSync('tar', ['-C', root, '--exclude=./var/cache/apt/*', '--exclude=./var/lib/apt/lists/*', '--exclude=./dev/*', '-cf', `${tarball}.partial`, '.'])
  renameSync(`${tarball}.partial`, tarball)
  rmSync(dir, { recursive: true })
  return tarball
}

/** Where this machine's apt gets the release from. */
const mirrorOf = (suite: string): readonly string[] => {
  const targets = execFileSync('apt-get', ['indextargets', '--format', '$(CODENAME) $(SITE)'], { encoding: 'utf8' })
  return targets
    .split('\n')
    .flatMap((line) => (line.startsWith(`${suite} `) ? [line.slice(suite.length + 1)] : []))
    .slice(0, 1)
}

/** The closure of a bundle as far as this machine's store has it: all of it but the runtime. */
const storePathsOf = (name: BundleName): readonly string[] => {
  const { paths }: { readonly paths: readonly { readonly name: string }[] } = JSON.parse(nixpack(['inspect', bundlePath(name), '--json']))
  return paths.map((path) => `/nix/store/${path.name}`).filter((path) => existsSync(path))
}

/** A store as Nix keeps it: root's, read-only paths, beside a foreign one. */
function addStore(root: string, paths: readonly string[]): void {
  mkdirSync(join(root, 'nix/store'), { recursive: true })
  mkdirSync(join(root, 'nix/var/nix/db'), { recursive: true })
  writeFileSync(join(root, FOREIGN_PATH), `${FOREIGN_TEXT}\n`, { mode: 0o444 })
  for (const path of new Set(paths)) execFileSync('cp', ['-a', path, join(root, path)])
}

/** No /lib, no /lib64, one program in /usr/bin, and a shell that is a link into the store. */
function addNixos(root: string): void {
  addUser(root)
  addStore(root, [])
  const system = '/nix/store/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee-system'
  for (const directory of ['bin', 'usr/bin', 'run/current-system', 'etc/nixos', `${system}/bin`]) mkdirSync(join(root, directory), { recursive: true })
  copyFileSync(BUSYBOX, join(root, system, 'bin/busybox'))
  for (const applet of ['sh', 'env', 'cat', 'ls', 'id']) symlinkSync('busybox', join(root, system, 'bin', applet))
  symlinkSync(`${system}/bin/sh`, join(root, 'bin/sh'))
  symlinkSync(`${system}/bin/env`, join(root, 'usr/bin/env'))
  symlinkSync(system, join(root, 'run/current-system/sw'))
  writeFileSync(join(root, 'etc/NIXOS'), '')
}
