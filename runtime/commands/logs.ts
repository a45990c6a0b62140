// `logs [-f]`: what the running instance has kept, and what follows.

import type { LogBatch } from '../contract/control.ts'
import { ROUTES, STREAMS } from '../contract/control-routes.ts'
import { callControl, followControl } from '../control/client.ts'
import { renderJsonLines } from '../log/json-lines.ts'
import type { LogEvent } from '../log/log-event.ts'
import { createPrefixer, prependLines } from '../log/prefix.ts'
import { usageError } from './arguments.ts'
import type { Command, CommandContext } from './context.ts'
import { followFor } from './follow.ts'
import { resolveLineStyle } from './line-options.ts'
import { resolveTarget } from './target.ts'

export const logs: Command = async (context) => {
  const target = resolveTarget(context)
  const render = await createRenderer(context)
  const request = { processes: [...context.operands], follow: context.flags.has('--follow'), ...readLimit(context) }
  for await (const { kind, data } of followFor(followControl(target, STREAMS.logs, request), context.timeoutMs)) {
    if (kind === 'skipped') {
      context.report.warn(`${data} lines were skipped: more than this reader can take`)
      continue
    }
    context.stdout.write(render(data), data.lines.length, { onSlow: 'block', dropped: () => undefined })
    // Not reading any further is what slows down the server's end.
    if (context.stdout.isFull('block')) await new Promise<void>((resolve) => context.stdout.whenRoom(resolve))
    if (context.stdout.isBroken) break
  }
  return 0
}

const readLimit = ({ values }: CommandContext): { lines?: number } => {
  const text = values.get('--lines')?.at(-1)
  if (text === undefined || text === 'all') return {}
  if (!/^\d{1,6}$/.test(text)) throw usageError(`expected a number behind --lines, got "${text}"`)
  return { lines: Number(text) }
}

const createRenderer = async (context: CommandContext): Promise<(batch: LogBatch) => Buffer> => {
  const { format, prefix, colour, timestamps } = resolveLineStyle(context)
  const { processes } = await callControl(resolveTarget(context), ROUTES.status, {})
  const labels = processes.flatMap(({ name, instances }) => (instances.length === 0 ? [name] : instances.map(({ label }) => label)))
  const prefixer = createPrefixer({ labels, colour, timestamps })
  return ({ lines, pid, ...batch }) => {
    const bytes = Buffer.from(`${lines.join('\n')}\n`)
    const event: LogEvent = { ...batch, pid: pid ?? undefined, onSlow: 'block', sequence: 0, lineCount: lines.length, bytes }
    if (format === 'json') return Buffer.from(renderJsonLines(event))
    if (prefix) return prefixer.prefix(event)
    return timestamps ? prependLines(event.bytes, `${new Date(event.timeMs).toISOString()} `) : event.bytes
  }
}
