// `logs [-f]`: what the running instance has kept, and what follows.

import { acceptedReplySchema, CONTROL_PATHS, logBatchSchema } from '../contract/control.ts'
import { openControl, createRefusal } from '../control/client.ts'
import { parseServerEvents } from '../control/server-events.ts'
import { createPrefixer, wantsColour } from '../log/prefix.ts'
import type { Command } from './context.ts'
import { resolveTarget } from './target.ts'

export const logs: Command = async (context) => {
  const query = new URLSearchParams(context.operands.map((name) => ['process', name]))
  if (context.flags.has('--follow')) query.set('follow', '1')
  const response = await openControl(resolveTarget(context), { method: 'GET', path: `${CONTROL_PATHS.logs}?${query.toString()}` })
  response.setEncoding('utf8')
  if (response.statusCode !== 200) {
    const reply = acceptedReplySchema.parse(JSON.parse((await response.toArray()).join('')))
    if (!reply.ok) throw createRefusal(reply.error)
  }
  const names = Object.keys(context.manifest.processes)
  const prefix = createPrefixer({ names, colour: wantsColour(context.environment, context.isTerminal) })
  for await (const { kind, data } of parseServerEvents(response)) {
    if (kind === 'skipped') context.report.warn(`${data} lines were skipped: this reader is too slow`)
    if (kind !== 'message') continue
    const { process, lines } = logBatchSchema.parse(JSON.parse(data))
    context.stdout.write(prefix(process, { bytes: Buffer.from(`${lines.join('\n')}\n`), count: lines.length }), lines.length)
    if (context.stdout.isBroken) break
  }
  return 0
}
