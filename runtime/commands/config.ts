// `config [FILE]`: the files as a run would write them; secrets masked.

import { NixpackError } from '../contract/errors.ts'
import { renderSuggestion } from '../contract/nearest-name.ts'
import { isSecret } from '../config/variables.ts'
import type { Variable } from '../config/variables.ts'
import type { Command } from './context.ts'
import { printText } from './context.ts'
import { planRunPaths, readVariables, renderConfiguration } from './preparation.ts'

export const config: Command = (context) => {
  const variables = new Map([...readVariables(context, false)].map(([name, variable]) => [name, maskSecret(variable)]))
  const [paths] = planRunPaths(context)
  const files = renderConfiguration(context, variables, paths)
  const [wanted] = context.operands
  if (wanted === undefined) {
    printText(context, files.map(({ name, text }) => `# ${paths.filesDir}/${name}\n${endLine(text)}`).join('\n'))
    return 0
  }
  const file = files.find(({ name }) => name === wanted)
  if (file === undefined) {
    const suggestion = renderSuggestion(wanted, Object.keys(context.manifest.files))
    throw new NixpackError('USAGE_INVALID', `cannot show "${wanted}": no such configuration file${suggestion}`)
  }
  printText(context, file.text)
  return 0
}

const maskSecret = (variable: Variable): Variable =>
  isSecret(variable.declaration) && variable.source !== 'unset' ? { ...variable, text: '********', json: '********' } : variable

const endLine = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`)
