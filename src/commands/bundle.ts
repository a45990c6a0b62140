// nixpack bundle REF
import { bundleOptionsSchema } from '../options.ts'
import { bundle } from '../pipeline.ts'
import { renderBundleResult } from '../report.ts'
import { parseOptions } from './command.ts'
import type { Command } from './command.ts'

export const bundleCommand: Command = {
  name: 'bundle',
  argument: '<ref>',
  summary: 'build REF and pack its closure into one executable (REF: FILE.nix#ATTRIBUTE, a flake reference, or a store path)',
  schema: bundleOptionsSchema,
  execute: async (reference, given, context) => {
    const options = parseOptions(bundleOptionsSchema, given)
    const result = await bundle(reference, options, { installation: context.installation, progress: context.report })
    context.report.end()
    if (options.json) context.report.print(JSON.stringify(result))
    else if (!options.quiet) context.report.print(renderBundleResult(result))
  },
}
