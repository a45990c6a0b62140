// The only user of `execa`: runs one program to its end and returns what it printed.
import { execa, ExecaError } from 'execa'

export type RunOptions = {
  /** Show what the program writes to stderr while it runs. */
  readonly verbose?: boolean
  readonly workDir?: string
}

/** What a program left behind; `failed` is true for any other end than exit status 0. */
export type RunResult = { readonly failed: boolean; readonly stdout: string; readonly stderr: string; readonly reason: string }

/** Runs a program without a shell. Never rejects: a failed start is a result too. */
export const run = async (program: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> => {
  try {
    const { stdout, stderr } = await execa(program, args, {
      stdin: 'ignore',
      stderr: options.verbose === true ? ['pipe', 'inherit'] : 'pipe',
      maxBuffer: MAX_OUTPUT_CHARACTERS,
      ...(options.workDir === undefined ? {} : { cwd: options.workDir }),
    })
    return { failed: false, stdout, stderr, reason: '' }
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error
    const { stdout, stderr, originalMessage, exitCode } = error
    return { failed: true, stdout: textOf(stdout), stderr: textOf(stderr), reason: originalMessage ?? `exit status ${exitCode}` }
  }
}

/** A program that could not be started has printed nothing. */
const textOf = (output: unknown): string => (typeof output === 'string' ? output : '')

/** A closure of 100,000 paths is described in less. */
const MAX_OUTPUT_CHARACTERS = 500_000_000
