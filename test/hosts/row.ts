// What a row of the matrix says: a host, what is unusual about it, who starts the bundle, and what is expected of each
// engine. Pure data: the tests run it, docs/hosts.md is generated from it.
import type { HostName } from './hosts.ts'

export const ENGINES = ['host', 'mount', 'userns', 'relocate', 'nix-dir'] as const
export type Engine = (typeof ENGINES)[number]
/** What NIXPACK_ENGINE says; auto: it is not set. */
export type Choice = 'auto' | Engine

export type Works = { readonly works: Engine }
export type Refused = {
  readonly refused: string
  /** Part of the message; … stands for what differs. */
  readonly because: string
  readonly status: number
}
export type Expectation = Works | Refused
export type Expectations = Partial<Record<Choice, Expectation>>

/** How a start differs from: the file in /srv/bundles, as an ordinary process, in a directory of the user's own. */
export type Change = {
  /** Steps of enter.c, inside and as root: they change the host. */
  readonly steps?: readonly string[]
  /** Steps of enter.c: the last before the program, they limit it. */
  readonly limits?: readonly string[]
  /** undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** The directory in which the program finds itself, where that is another one. */
  readonly seenCwd?: (engine: Engine) => string
  /** What stands on stderr besides; nothing does otherwise. */
  readonly warning?: RegExp
  /** The file that is started, for the bundle of a name. */
  readonly file?: (name: string) => string
  /** The program that is told to start the file, instead of the kernel. */
  readonly loader?: string
  /** null: the argument list is empty. */
  readonly argv0?: string | null
  readonly isProcess1?: true
}

export type Row = {
  readonly title: string
  readonly host: HostName
  readonly user: 'user' | 'root'
  readonly uid?: number
  readonly change?: Change
  /** Options of `podman run`: the row is a container. */
  readonly container?: readonly string[]
  readonly expect: Expectations
  /** Where a composed bundle differs. */
  readonly composed?: Expectations
}

export const works = (engine: Engine): Works => ({ works: engine })

export const refused = (code: string, because: string, status = 125): Refused => ({ refused: code, because, status })

export const isRefused = (expectation: Expectation): expectation is Refused => 'refused' in expectation

/** What is expected of each choice of a row, for the plain and for the composed bundle. */
export const expectationsOf = (row: Row): readonly { readonly choice: Choice; readonly plain: Expectation; readonly composed: Expectation }[] =>
  (['auto', ...ENGINES] as const).flatMap((choice) => {
    const plain = row.expect[choice]
    return plain === undefined ? [] : [{ choice, plain, composed: row.composed?.[choice] ?? plain }]
  })
