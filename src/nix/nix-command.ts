// Calls of the program nix, and its errors in our words.
import { NixpackError } from '../../runtime/contract/errors.ts'
import { findTool } from '../lib/find-tool.ts'
import { run } from '../lib/run.ts'

const FEATURES = ['--extra-experimental-features', 'nix-command flakes']
const ERROR_LINES = 12

export type NixCall = {
  /** What is being done, for the message: `build "markov.nix#entrypoint"`. */
  readonly purpose: string
  readonly args: readonly string[]
  readonly verbose?: boolean
}

/** Runs nix and returns the JSON it printed. Throws TOOL_MISSING, ENTRYPOINT_NOT_FOUND or NIX_FAILED with nix' own words. */
export const nixJson = async (call: NixCall): Promise<unknown> => {
  const program = await findTool('nix')
  const result = await run(program, [...FEATURES, ...call.args], { verbose: call.verbose ?? false })
  if (result.failed) throw explain(call, result.stderr, result.reason)
  try {
    return JSON.parse(result.stdout)
  } catch (cause) {
    throw new NixpackError('NIX_FAILED', `cannot ${call.purpose}: nix printed something that is not JSON`, { cause })
  }
}

const explain = (call: NixCall, stderr: string, reason: string): NixpackError => {
  const message = relevantLines(stderr)
  const cause = message === '' ? reason : message
  for (const { pattern, code, hint } of KNOWN_FAILURES) {
    if (pattern.test(stderr)) return new NixpackError(code, `cannot ${call.purpose}: nix refused`, { cause, hint })
  }
  return new NixpackError('NIX_FAILED', `cannot ${call.purpose}: nix failed`, {
    cause,
    hint: `see what is wrong with: nix ${withoutExpression(call.args).join(' ')}`,
  })
}

/** Our own expression says nothing about the user's mistake. */
const withoutExpression = (args: readonly string[]): readonly string[] => (args.includes('--apply') ? args.slice(0, args.indexOf('--apply')) : args)

const KNOWN_FAILURES = [
  {
    pattern: /attribute '.*' (in selection path '.*' )?not found|does not provide attribute/,
    code: 'ENTRYPOINT_NOT_FOUND',
    hint: 'check the part behind the # of the reference',
  },
  { pattern: /getting status of|No such file or directory|does not exist/, code: 'ENTRYPOINT_NOT_FOUND', hint: 'check the part of the reference before the #' },
  { pattern: /is not valid|don't know how to build/, code: 'ENTRYPOINT_NOT_FOUND', hint: 'the store path is not on this machine: build or copy it first' },
  { pattern: /has an unfree license/, code: 'NIX_FAILED', hint: 'allow it on purpose: NIXPKGS_ALLOW_UNFREE=1 (a flake also needs nixpkgs.config.allowUnfree)' },
  {
    pattern: /a '.*' with features .* is required|required to build/,
    code: 'CLOSURE_FOREIGN_SYSTEM',
    hint: 'build it on a machine of that system, or let Nix use one as a remote builder',
  },
  {
    pattern: /creating directory '\/nix|cannot open.*\/nix\/var|Permission denied/,
    code: 'NIX_FAILED',
    hint: 'this user may not write the Nix store: run as root, or with a Nix daemon',
  },
  { pattern: /build users group|build-users-group/, code: 'NIX_FAILED', hint: 'for a Nix without build users set: NIX_CONFIG="build-users-group ="' },
] as const

const relevantLines = (stderr: string): string => {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('warning:'))
  const first = lines.findIndex((line) => line.startsWith('error'))
  return lines
    .slice(first === -1 ? -ERROR_LINES : first)
    .slice(0, ERROR_LINES)
    .join('\n    ')
}
