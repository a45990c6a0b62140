// `config [FILE]`: the files as a run would write them; secrets masked.

import { NixpackError } from '../contract/errors.ts'
import { renderSuggestion } from '../contract/nearest-name.ts'
import { ROUTES } from '../contract/control-routes.ts'
import { callControl } from '../control/client.ts'
import type { Command, CommandContext } from './context.ts'
import { printText } from './context.ts'
import { planRunPaths } from './preparation.ts'
import { renderChange } from './reload.ts'
import { renderMasked } from './render-masked.ts'
import { planSource, readSource } from './source.ts'
import type { Source } from './source.ts'
import { resolveTarget } from './target.ts'

export const config: Command = async (context) => {
  if (context.flags.has('--diff')) return printDifference(context)
  const source = await readSource(context, { kind: 'show' })
  const [paths] = planRunPaths(context)
  // What is wrong with the values of processes shows only here.
  const { plan, files } = planSource(source, paths)
  if (!context.flags.has('--check')) return printFiles(context, source)
  printText(context, `all is right: ${plan.processes.length} processes, ${files.length} configuration files\n`)
  return 0
}

const printFiles = (context: CommandContext, source: Source): number => {
  const [paths] = planRunPaths(context)
  const files = renderMasked(source, paths)
  const [wanted] = context.operands
  if (wanted === undefined) {
    printText(context, files.map(({ name, text }) => `# ${paths.filesDir}/${name}\n${endLine(text)}`).join('\n'))
    return 0
  }
  const file = files.find(({ name }) => name === wanted)
  if (file === undefined) {
    const suggestion = renderSuggestion(wanted, Object.keys(source.context.manifest.files))
    throw new NixpackError('USAGE_INVALID', `cannot show "${wanted}": no such configuration file${suggestion}`)
  }
  printText(context, file.text)
  return 0
}

/** Between what runs and what would run after `reload`, by the running instance itself: it knows both. */
const printDifference = async (context: CommandContext): Promise<number> => {
  const { change, files } = await callControl(resolveTarget(context), ROUTES.preview, {})
  printText(context, renderChange(change))
  for (const { name, diff } of files) printText(context, `\n# ${name}\n${diff}`)
  return 0
}

const endLine = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`)
