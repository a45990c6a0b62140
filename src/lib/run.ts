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

/** Runs a program as a filter, without a shell: what it writes while it reads `input`. Throws when it ends with another status than 0. */
export async function* runFilter(program: string, args: readonly string[], input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const child = execa(program, args, { stdin: [input], stderr: 'ignore', encoding: 'buffer', buffer: false, reject: false })
  try {
    const output: AsyncIterable<Buffer> = child.stdout
    yield* output
    const result = await child
    if (result.failed) throw new Error(`"${program}" ended with status ${result.exitCode}`)
  } finally {
    // Whoever reads may stop early.
    child.kill()
    await child
  }
}

/** A program that could not be started has printed nothing. */
const textOf = (output: unknown): string => (typeof output === 'string' ? output : '')

/** A closure of 100,000 paths is described in less. */
const MAX_OUTPUT_CHARACTERS = 500_000_000
