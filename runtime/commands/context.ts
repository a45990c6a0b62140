// What every command gets: the world outside, read once by main.ts.

import type { Environment } from '../config/user-environment.ts'
import type { Manifest } from '../contract/manifest.ts'
import type { Output } from '../log/output.ts'
import type { Report } from '../log/report.ts'

export type CommandContext = {
  readonly manifest: Manifest
  /** Reads it again, from where it was read. */
  readonly readManifest: () => Manifest
  /** How this process was started, for `up --detach`, which starts another. */
  readonly program: ProgramStart
  /** As the user set it. */
  readonly environment: Environment
  readonly workingDir: string
  readonly uid: number
  readonly instance: string
  readonly flags: ReadonlySet<string>
  /** Of options with values; what was given several times is there several times. */
  readonly values: ReadonlyMap<string, readonly string[]>
  readonly timeoutMs: number | undefined
  readonly operands: readonly string[]
  /** The store path with bin/shim. */
  readonly runtimeDir: string
  readonly isTerminal: boolean
  readonly stdout: Output
  readonly stderr: Output
  readonly report: Report
  /** What the process itself writes to at its end, too. */
  readonly replaceOutputs: (outputs: ReplacedOutputs) => void
}

export type ReplacedOutputs = Pick<CommandContext, 'stdout' | 'stderr'> & { readonly beforeExit: () => void }

export type ProgramStart = {
  /** The bundle's file; undefined when the runtime was not started by a launcher. */
  readonly path: string | undefined
  readonly words: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Returns the exit status; failures are thrown. */
export type Command = (context: CommandContext) => Promise<number> | number

/** For commands whose output is a text. */
export const printText = ({ stdout }: CommandContext, text: string): void => stdout.write(Buffer.from(text), text.split('\n').length - 1)
