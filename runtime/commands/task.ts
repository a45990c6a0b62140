// `run TASK [ARG...]`: in the running instance, which starts what the task depends on and shows nobody else its lines.

import { STREAMS } from '../contract/control-routes.ts'
import { ERRORS, NixpackError } from '../contract/errors.ts'
import type { ErrorCode } from '../contract/errors.ts'
import { followControl } from '../control/client.ts'
import type { Command, CommandContext } from './context.ts'
import { resolveTarget } from './target.ts'

export const task: Command = async (context) => {
  const [name = '', ...words] = context.operands
  for await (const { kind, data } of followControl(resolveTarget(context), STREAMS.runTask, { task: name, words })) {
    if (kind === 'exit') return data.status
    if (kind === 'failed') throw new NixpackError(readCode(data.code), data.message)
    if (kind === 'message') writeLines(context, data)
  }
  throw new NixpackError('CONTROL_UNREACHABLE', `cannot tell how task "${name}" ended: the bundle has ended`)
}

const readCode = (code: string): ErrorCode => (isErrorCode(code) ? code : 'CONTROL_REFUSED')

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code)

const writeLines = ({ stdout, stderr }: CommandContext, { stream, lines }: { readonly stream: 'out' | 'err'; readonly lines: readonly string[] }): void => {
  const output = stream === 'out' ? stdout : stderr
  output.write(Buffer.from(`${lines.join('\n')}\n`), lines.length)
}
