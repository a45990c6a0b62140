// `env`: every variable with the value in use, in the form of an environment file.

import { isSecret } from '../config/variables.ts'
import type { Variable } from '../config/variables.ts'
import { FILTER_FUNCTIONS } from '../config/quote.ts'
import type { Command } from './context.ts'
import { printText } from './context.ts'
import { readSource } from './source.ts'

export const env: Command = async (context) => {
  const { variables } = await readSource(context, { kind: 'show' })
  printText(context, [...variables.values()].map(renderVariable).join('\n'))
  return 0
}

const renderVariable = ({ name, declaration, source, text }: Variable): string => {
  const { description, type } = declaration
  const comment = `# ${description === '' ? '' : `${description}; `}${type}, ${SOURCES[source]}\n`
  if (source === 'unset') return `${comment}# ${name}=\n`
  if (isSecret(declaration)) return `${comment}# ${name}=(not shown)\n`
  return `${comment}${name}=${/^[A-Za-z0-9_./:@%+,-]+$/.test(text) ? text : FILTER_FUNCTIONS.shell(text)}\n`
}

const SOURCES = { environment: 'set', default: 'default', unset: 'not set' } as const
