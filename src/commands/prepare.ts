// nixpack prepare: builds the runtime that composed bundles carry. Called by make, not by users.
import { prepareOptionsSchema } from '../options.ts'
import { prepareRuntime } from '../pipeline.ts'
import { parseOptions } from './command.ts'
import type { Command } from './command.ts'

export const prepareCommand: Command = {
  name: 'prepare',
  argument: '',
  summary: 'build the runtime for a system',
  hidden: true,
  schema: prepareOptionsSchema,
  execute: async (_argument, given, { installation, report }) => {
    const options = parseOptions(prepareOptionsSchema, given)
    await prepareRuntime(installation, {
      launcherPath: options.launcher,
      system: options.system,
      crossDir: options.cross,
      onBuild: (system) => report.print(`nixpack: building the runtime for ${system}`),
    })
  },
}
