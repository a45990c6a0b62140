// nixpack prepare: builds the runtime that composed bundles carry. Called by make, not by users.
import { join } from 'node:path'

import { prepareOptionsSchema } from '../options.ts'
import { prepareRuntime } from '../pipeline.ts'
import { parseOptions } from './command.ts'
import type { Command } from './command.ts'

export const prepareCommand: Command = {
  name: 'prepare',
  argument: '',
  summary: 'build the runtime for the system of this machine',
  hidden: true,
  schema: prepareOptionsSchema,
  execute: async (_argument, given, { installation, report, rootDir }) => {
    const options = parseOptions(prepareOptionsSchema, given)
    report.stage('building the runtime')
    await prepareRuntime(installation, { launcherPath: options.launcher, mainPath: join(rootDir, 'runtime', 'main.ts'), nodePath: process.execPath })
    report.end()
  },
}
