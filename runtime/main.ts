// Entry of the runtime: reads the world outside once, runs one command, ends the process. The only process.exit and
// the only process.env of the runtime.

import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { resolveUserEnvironment } from './config/user-environment.ts'
import { parseArguments } from './commands/arguments.ts'
import type { ReplacedOutputs } from './commands/context.ts'
import { applyDirectoryOptions } from './commands/directory-options.ts'
import { runCommand } from './commands/run-command.ts'
import { exitStatusOf, NixpackError, renderError } from './contract/errors.ts'
import { MANIFEST_PATH, parseManifest } from './contract/manifest.ts'
import type { Manifest } from './contract/manifest.ts'
import { createReport } from './log/report.ts'
import { createStandardOutputs } from './log/terminal.ts'

const standard = createStandardOutputs()
let outputs: ReplacedOutputs = { ...standard, beforeExit: () => undefined }
let program = 'nixpack'
// The launcher puts "--" before them, for Node.
const words = process.argv.slice(process.argv[2] === '--' ? 3 : 2)

const main = async (): Promise<number> => {
  const manifest = readManifest(process.env['NIXPACK_ENTRYPOINT'])
  program = manifest.name
  const { command, ...invocation } = parseArguments(words)
  if (invocation.flags.has('--help')) return printAbout(async () => (await import('./commands/help.ts')).renderHelp(manifest, programName()))
  if (invocation.flags.has('--version')) return printAbout(async () => (await import('./commands/version.ts')).renderVersion(manifest, process.env))
  return runCommand(command, {
    ...standard,
    ...invocation,
    manifest,
    readManifest: () => readManifest(process.env['NIXPACK_ENTRYPOINT']),
    program: { path: process.env['NIXPACK_BUNDLE'], words, environment: process.env },
    environment: applyDirectoryOptions(resolveUserEnvironment(process.env), invocation.values),
    workingDir: process.cwd(),
    uid: process.getuid?.() ?? 0,
    runtimeDir: process.env['NIXPACK_RUNTIME'] ?? '',
    report: createReport(standard.stderr, manifest.name),
    replaceOutputs: (replaced) => (outputs = replaced),
  })
}

const readManifest = (entrypointDir: string | undefined): Manifest => {
  const hint = 'start the bundle itself, not its runtime'
  if (entrypointDir === undefined) throw new NixpackError('MANIFEST_INVALID', 'cannot find the manifest: NIXPACK_ENTRYPOINT is not set', { hint })
  const manifestPath = `${entrypointDir}/${MANIFEST_PATH}`
  try {
    return parseManifest(readFileSync(manifestPath, 'utf8'), manifestPath)
  } catch (cause) {
    if (cause instanceof NixpackError) throw cause
    throw new NixpackError('MANIFEST_INVALID', `cannot read manifest "${manifestPath}"`, { cause })
  }
}

const programName = (): string => process.env['NIXPACK_ARGV0'] ?? basename(process.argv[1] ?? program)

const printAbout = async (render: () => Promise<string>): Promise<number> => {
  const text = await render()
  outputs.stdout.write(Buffer.from(text), text.split('\n').length - 1)
  return 0
}

const exitWith = async (status: number): Promise<never> => {
  outputs.beforeExit()
  await Promise.all([outputs.stdout.flush(LAST_WORDS_MS), outputs.stderr.flush(LAST_WORDS_MS)])
  process.exit(status)
}

const exitWithError = (error: unknown): void => {
  outputs.stderr.write(Buffer.from(`${renderError(error, program)}\n`), 1)
  void exitWith(exitStatusOf(error))
}

/** For a reader that has stopped reading. */
const LAST_WORDS_MS = 2000

process.on('uncaughtException', exitWithError)
process.on('unhandledRejection', exitWithError)
main().then(exitWith, exitWithError)
