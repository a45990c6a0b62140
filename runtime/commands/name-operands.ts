// Operands that name processes. Patterns are the server's business, except regular expressions: one that takes for
// ever shall take the time of whoever wrote it.

import type { ProcessStatus } from '../contract/control.ts'
import { ROUTES } from '../contract/control-routes.ts'
import { NixpackError } from '../contract/errors.ts'
import { callControl } from '../control/client.ts'
import { usageError } from './arguments.ts'
import type { CommandContext } from './context.ts'
import { resolveTarget } from './target.ts'

export const resolveNameOperands = async (context: CommandContext, operands = context.operands): Promise<string[]> => {
  const kind = context.values.get('--match')?.at(-1) ?? 'glob'
  if (kind === 'glob') return [...operands]
  if (kind !== 'simple' && kind !== 'regex') throw usageError(`expected "glob", "simple" or "regex" behind --match, got "${kind}"`)
  const { processes } = await callControl(resolveTarget(context), ROUTES.status, {})
  const known = processes.flatMap(({ name, instances }) => [name, ...instances.map(({ index }) => `${name}:${index}`)])
  return operands.flatMap((operand) => (kind === 'simple' ? matchExactly(operand, known) : matchExpression(operand, processes)))
}

const matchExactly = (operand: string, known: readonly string[]): readonly string[] => {
  if (known.includes(operand)) return [operand]
  throw new NixpackError('CONTROL_REFUSED', `cannot find process "${operand}"`)
}

const matchExpression = (operand: string, processes: readonly ProcessStatus[]): readonly string[] => {
  const expression = parseExpression(operand)
  const names = processes.map(({ name }) => name).filter((name) => expression.test(name))
  if (names.length > 0) return names
  throw new NixpackError('CONTROL_REFUSED', `cannot find a process like "${operand}"`)
}

const parseExpression = (text: string): RegExp => {
  try {
    return new RegExp(text, 'iu')
  } catch (cause) {
    throw new NixpackError('USAGE_INVALID', `cannot understand the regular expression "${text}"`, { cause })
  }
}
