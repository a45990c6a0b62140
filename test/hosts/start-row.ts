// Starts a bundle as a row of the matrix says, in a host or in a container; both look the same from here on.
import type { BundleRun } from '../helpers/bundle-process.ts'
import type { BundleName } from '../helpers/e2e-bundles.ts'
import { startContainer } from './container.ts'
import { enterHost } from './enter-host.ts'
import { USER } from './hosts.ts'
import type { NamespaceProcess } from './namespace-processes.ts'
import type { Change, Choice, Row } from './row.ts'

export type RowRun = BundleRun & {
  /** Process id of the program, as seen from out here. */
  readonly programPid: number
  /** The program's own number of its process. */
  readonly innerPid: number
  /** The directory in which it is started. */
  readonly cwd: string
  /** The program's / . */
  readonly rootDir: string
  readonly programEnded: Promise<void>
  /** The processes of the row, the program's own included. */
  readonly processes: () => readonly NamespaceProcess[]
  readonly userNamespace: string
  /** Nothing of it is needed any more. */
  readonly release: () => void
}

export type RowStart = {
  readonly bundle: BundleName
  readonly choice: Choice
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export const uidOf = (row: Row): number => row.uid ?? (row.user === 'root' ? 0 : USER.uid)

/** Each start has a directory of its own to work in. */
let starts = 0

export const startRow = async (row: Row, start: RowStart): Promise<RowRun> => {
  const env = planEnvironment(row, start)
  if (row.container !== undefined) return startContainer(row.container, { file: `/${start.bundle}`, args: start.args, env, uid: uidOf(row) })
  const { steps = [], limits = [], isProcess1 = false } = row.change ?? {}
  const uid = uidOf(row)
  const own = `/srv/work-${process.pid}-${(starts += 1)}`
  const cwd = cwdOf(row) ?? own
  const makeOwn = cwd === own ? ['mkdir', own, '700', 'chown', own, `${uid}`] : []
  const throwaway = start.choice === 'nix-dir' || row.host === 'empty'
  const run = await enterHost({ host: row.host, uid, ...planCommand(row, start), env, cwd, steps: [...makeOwn, ...steps], limits, isProcess1, throwaway })
  return { ...run, innerPid: isProcess1 ? 1 : 2, cwd }
}

const planCommand = (row: Row, start: RowStart): { readonly file: string; readonly argv: readonly string[] } => {
  const { file: fileOf, loader, argv0 }: Change = row.change ?? {}
  const file = fileOf?.(start.bundle) ?? (row.host === 'empty' ? `/${start.bundle}` : `/srv/bundles/${start.bundle}`)
  if (loader !== undefined) return { file: loader, argv: [loader, file, ...start.args] }
  return { file, argv: argv0 === null ? [] : [argv0 ?? file, ...start.args] }
}

/** The directory in which the program is started, where it is not one of its own. */
const cwdOf = (row: Row): string | undefined => row.change?.cwd ?? (row.host === 'empty' ? '/' : undefined)

const planEnvironment = (row: Row, start: RowStart): Readonly<Record<string, string>> => {
  const hasHome = row.container === undefined && row.host !== 'empty' && row.uid === undefined
  const variables: Readonly<Record<string, string | undefined>> = {
    PATH: '/usr/bin:/bin',
    HOME: hasHome ? (row.user === 'root' ? '/root' : `/home/${USER.name}`) : undefined,
    MARKOV_DATA_DIR: row.container === undefined ? undefined : '/data',
    NIXPACK_ENGINE: start.choice === 'auto' ? undefined : start.choice,
    ...row.change?.env,
    ...start.env,
  }
  return Object.fromEntries(Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}
