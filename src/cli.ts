// The process edge of the build CLI: arguments in, exit status out.
import { Command, CommanderError } from 'commander'
import { rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

import { exitStatusOf, NixpackError } from '../runtime/contract/errors.ts'
import { bundleCommand } from './commands/bundle.ts'
import type { Command as CommandModule, CommandContext } from './commands/command.ts'
import { inspectCommand } from './commands/inspect.ts'
import { prepareCommand } from './commands/prepare.ts'
import { unfinishedFiles } from './lib/temp-file.ts'
import { commanderOptions } from './options.ts'
import { createReport, reportStyle } from './report.ts'

const COMMANDS = [bundleCommand, inspectCommand, prepareCommand]
const INTERRUPTED_STATUS = 130

const rootDir = join(import.meta.dirname, '..')

const main = async (argv: readonly string[]): Promise<number> => {
  const quiet = argv.includes('--quiet') || argv.includes('-q') || argv.includes('--json')
  const report = createReport(reportStyle(process.env, quiet))
  const { version } = packageSchema.parse(JSON.parse(await readFile(join(rootDir, 'package.json'), 'utf8')))
  const context = { report, rootDir, installation: { runtimesDir: join(rootDir, 'build', 'runtime'), rootDir, version, environment: process.env } }
  try {
    await createProgram(version, context).parseAsync(argv)
    return 0
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    const told = error instanceof CommanderError ? usageError(error) : error
    report.error(told)
    return exitStatusOf(told)
  }
}

/** Commander's words in the form of ours: `error: unknown option '--x'`, and perhaps `(Did you mean --y?)` in a second line. */
const usageError = ({ code, message }: CommanderError): NixpackError => {
  const [problem = '', suggestion] = message.split('\n')
  const reason =
    code === 'commander.help'
      ? 'it names no command'
      : problem
          .replace(/^error: /, '')
          .replaceAll("'", '"')
          .replace(/\.$/, '')
  const hint = suggestion?.replace(/^\(Did you mean (.*)\?\)$/, 'did you mean $1?') ?? 'see nixpack --help'
  return new NixpackError('USAGE_INVALID', `cannot read the command line: ${reason}`, { hint })
}

const packageSchema = z.object({ version: z.string() })

const createProgram = (version: string, context: CommandContext): Command => {
  const program = new Command('nixpack')
    .description('Packs the closure of a Nix derivation into one executable that runs on any Linux host.')
    .version(version)
    .showSuggestionAfterError()
    .configureOutput({ outputError: () => {} })
    .exitOverride()
  for (const command of COMMANDS) addCommand(program, command, context)
  return program
}

const addCommand = (program: Command, module: CommandModule, context: CommandContext): void => {
  const command = program.command(`${module.name} ${module.argument}`.trim(), { hidden: module.hidden ?? false }).description(module.summary)
  for (const option of commanderOptions(module.schema)) command.addOption(option)
  command.action(async (...received: readonly unknown[]) => {
    const argument = module.argument === '' ? '' : received[0]
    await module.execute(typeof argument === 'string' ? argument : '', command.opts(), context)
  })
}

const interrupt = (): void => {
  for (const path of unfinishedFiles()) rmSync(path, { force: true })
  process.exit(INTERRUPTED_STATUS)
}

for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt)
process.exitCode = await main(process.argv)
