// --log-format, --timestamps and --no-prefix: how lines are shown, by `up` as by `logs`.

import { wantsColour } from '../log/prefix.ts'
import type { LogFormat } from '../log/line-printer.ts'
import { usageError } from './arguments.ts'
import type { CommandContext } from './context.ts'

export type LineStyle = { readonly format: LogFormat; readonly timestamps: boolean; readonly prefix: boolean; readonly colour: boolean }

export const resolveLineStyle = ({ flags, values, environment, isTerminal }: CommandContext): LineStyle => {
  const format = values.get('--log-format')?.at(-1) ?? 'text'
  if (format !== 'text' && format !== 'json') throw usageError(`expected "text" or "json" behind --log-format, got "${format}"`)
  return { format, timestamps: flags.has('--timestamps'), prefix: !flags.has('--no-prefix'), colour: wantsColour(environment, isTerminal) }
}
