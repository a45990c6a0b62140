// Where benchmarks run a bundle: a mount namespace with another /nix, by default as a user who is not root.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** The user that a start becomes. */
export const HOST_UID = 65_534

export type HostStart = {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  readonly uid?: number
}

/** A failed start is explained by what it printed on stderr. */
export type HostRun = { readonly child: ChildProcess; readonly failure: () => Error }

export type Host = {
  readonly start: (file: string, options: HostStart) => HostRun
} & AsyncDisposable

/** What is found at /nix: nothing, what this machine has, or a directory. */
export type HostNix = 'empty' | 'own' | { readonly dir: string }

/** Makes the namespace once, so that its cost is in no measurement but that of entering it (about 2 ms). */
export const createHost = async (nix: HostNix = 'empty'): Promise<Host> => {
  if (process.getuid?.() !== 0) throw new Error('the benchmarks hide /nix and become another user: run them as root')
  const keeper = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', 'eval "$1" && echo up && exec sleep infinity', 'sh', mountOf(nix)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(keeper.stdout, 'data')
  return {
    start: (file, { cwd, env, args = [], uid = HOST_UID }) => {
      const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
      const enter = [`--mount=/proc/${keeper.pid}/ns/mnt`, 'setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups']
      const child = spawn('nsenter', [...enter, 'env', '-i', '-C', cwd, ...variables, file, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
      let said = ''
      child.stderr.on('data', (text: Buffer) => (said += text.toString()))
      return { child, failure: () => new Error(`${file} ended with status ${child.exitCode}: ${said}`) }
    },
    [Symbol.asyncDispose]: async () => {
      keeper.kill('SIGKILL')
      await once(keeper, 'close')
    },
  }
}

const mountOf = (nix: HostNix): string => {
  if (nix === 'own') return ':'
  return nix === 'empty' ? 'mount -t tmpfs -o mode=755 none /nix' : `mount --bind ${nix.dir} /nix`
}
