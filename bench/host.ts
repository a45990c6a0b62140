// Where benchmarks run a bundle: a mount namespace in which /nix is hidden, as a user who is not root.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

const UID = 65_534

export type Host = {
  readonly start: (file: string, options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> }) => ChildProcess
} & AsyncDisposable

/** Makes the namespace once, so that its cost is in no measurement but that of entering it (about 2 ms). */
export const createHost = async (): Promise<Host> => {
  if (process.getuid?.() !== 0) throw new Error('the benchmarks hide /nix and become another user: run them as root')
  const keeper = spawn(
    'unshare',
    ['--mount', '--propagation', 'private', 'sh', '-c', 'mount -t tmpfs -o mode=755 none /nix && echo up && exec sleep infinity'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await once(keeper.stdout, 'data')
  return {
    start: (file, { cwd, env }) => {
      const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
      const enter = [`--mount=/proc/${keeper.pid}/ns/mnt`, `--wd=${cwd}`, 'setpriv', `--reuid=${UID}`, `--regid=${UID}`, '--clear-groups']
      return spawn('nsenter', [...enter, 'env', '-i', ...variables, file], { stdio: 'ignore' })
    },
    [Symbol.asyncDispose]: async () => {
      keeper.kill('SIGKILL')
      await once(keeper, 'close')
    },
  }
}

/** The user that `start` becomes. */
export const HOST_UID = UID
