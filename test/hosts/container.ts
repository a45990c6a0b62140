// Starts a program in a real container: podman as root, in a private mount namespace with a cgroup2 mount of its own,
// and with a storage directory that is removed with the hosts.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { followChild, until } from '../helpers/bundle-process.ts'
import { HOSTS_DIRECTORY_VARIABLE } from './enter-host.ts'
import { linkOf, processesIn } from './namespace-processes.ts'
import type { RowRun } from './start-row.ts'

const IMAGE = 'nixpack-scratch'
/** Where this is not set, the reason why there are no containers. */
const REASON_VARIABLE = 'NIXPACK_HOSTS_NO_CONTAINERS'

const podmanDir = (): string => join(process.env[HOSTS_DIRECTORY_VARIABLE] ?? '', 'podman')

/** Why this machine has no containers; undefined when it has. */
export const noContainersBecause = (): string | undefined => process.env[REASON_VARIABLE]

const podmanCommand = (args: readonly string[]): readonly string[] => [
  'unshare',
  '--mount',
  '--propagation',
  'private',
  'sh',
  '-c',
  'mount -t cgroup2 none /sys/fs/cgroup && exec podman "$@"',
  'podman',
  ...['root', 'runroot', 'tmpdir'].map((name) => `--${name}=${podmanDir()}/${name}`),
  ...args,
]

const RUN = ['run', '--rm', '--interactive', '--pull=never', '--network=host', '--cgroups=disabled', '--ulimit=nofile=1024:4096', '--ulimit=nproc=4096:4096']

const podman = (args: readonly string[], input?: Buffer): { readonly status: number | null; readonly text: string } => {
  const [program = '', ...rest] = podmanCommand(args)
  const { status, stdout, stderr } = spawnSync(program, rest, { input: input ?? '', maxBuffer: 1 << 28 })
  return { status, text: `${stdout.toString()}${stderr.toString()}` }
}

/** Imports an image that holds the bundles and nothing else. Notes when that, or a container from it, does not work. */
export const prepareContainers = (rootDir: string): void => {
  mkdirSync(podmanDir(), { recursive: true })
  const imported = podman(['import', '--quiet', '-', IMAGE], execFileSync('tar', ['-C', rootDir, '-c', '.'], { maxBuffer: 1 << 28 }))
  const ran = imported.status === 0 ? podman([...RUN, IMAGE, '/hello', '--nixpack-help']) : imported
  if (ran.status !== 0) process.env[REASON_VARIABLE] = `podman does not work here: ${ran.text.trim().split('\n').at(-1)}`
}

/** Ends containers that a failed test has left; their storage goes with the directory of the hosts. */
export const removeContainers = async (): Promise<void> => {
  const [program = '', ...args] = podmanCommand(['rm', '--all', '--force', '--time=0'])
  const removal = spawn(program, args, { stdio: 'ignore' })
  await once(removal, 'close')
}

export type ContainerStart = {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly uid: number
}

/** The bundle is process 1 of a container. It has a volume at /data. */
export const startContainer = async (options: readonly string[], start: ContainerStart): Promise<RowRun> => {
  const dir = mkdtempSync(join(podmanDir(), 'container-'))
  const [pidFile, dataDir] = [join(dir, 'pid'), join(dir, 'data')]
  mkdirSync(dataDir)
  chownSync(dataDir, start.uid, start.uid)
  const variables = Object.entries(start.env).map(([name, value]) => `--env=${name}=${value}`)
  const own = [`--pidfile=${pidFile}`, `--volume=${dataDir}:/data`, `--user=${start.uid}:${start.uid}`, ...variables]
  const [program = '', ...rest] = podmanCommand([...RUN, ...options, ...own, IMAGE, start.file, ...start.args])
  const run = followChild(spawn(program, rest, { stdio: 'pipe' }))
  let hasEnded = false
  const programEnded = run.ended.then(() => {
    hasEnded = true
  })
  const readPid = (): number => (existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0)
  await until('the container starts', () => hasEnded || readPid() > 0, 30_000)
  const programPid = readPid()
  const pidNamespace = linkOf(`/proc/${programPid}/ns/pid`)
  return {
    ...run,
    programPid,
    innerPid: 1,
    cwd: '/',
    rootDir: `/proc/${programPid}/root`,
    programEnded,
    // With process 1 the kernel ends all others, and another namespace may get the number of this one.
    processes: () => (hasEnded || pidNamespace === '' ? [] : processesIn(pidNamespace)),
    // podman itself is in the namespaces of this machine, and containers have no user namespace unless one is asked for.
    userNamespace: linkOf('/proc/self/ns/user'),
    release: () => {},
  }
}
