// What every command gets: the world outside, read once by main.ts.

import type { Environment } from '../config/user-environment.ts'
import type { Manifest } from '../contract/manifest.ts'
import type { Output } from '../log/output.ts'
import type { Report } from '../log/report.ts'

export type CommandContext = {
  readonly manifest: Manifest
  /** As the user set it. */
  readonly environment: Environment
  readonly workingDir: string
  readonly uid: number
  readonly instance: string
  readonly flags: ReadonlySet<string>
  readonly operands: readonly string[]
  /** The store path with bin/shim. */
  readonly runtimeDir: string
  readonly isTerminal: boolean
  readonly stdout: Output
  readonly stderr: Output
  readonly report: Report
}

/** Returns the exit status; failures are thrown. */
export type Command = (context: CommandContext) => Promise<number> | number

/** For commands whose output is a text. */
export const printText = ({ stdout }: CommandContext, text: string): void => stdout.write(Buffer.from(text), text.split('\n').length - 1)
