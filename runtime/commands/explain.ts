// `explain PROC`: why a process is in its state, and what comes next.

import type { Explanation } from '../contract/control.ts'
import { ROUTES } from '../contract/control-routes.ts'
import { callControl } from '../control/client.ts'
import type { Command } from './context.ts'
import { printText } from './context.ts'
import { resolveTarget } from './target.ts'

export const explain: Command = async (context) => {
  const [process = ''] = context.operands
  const explanation = await callControl(resolveTarget(context), ROUTES.explain, { process })
  printText(context, context.flags.has('--json') ? `${JSON.stringify(explanation, undefined, 2)}\n` : renderExplanation(explanation))
  return 0
}

const renderExplanation = ({ summary, status, waitingFor, neededBy, restartPolicy, changes, lastLines }: Explanation): string => {
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ['instances', status.instances.map(({ label, state, reason }) => `${label}: ${state}${reason === '' ? '' : `, ${reason}`}`)],
    [
      'waits for',
      waitingFor.map(({ process, condition, state, met }) => `${process} ${condition.replaceAll('_', ' ')}: ${met ? 'met' : 'not yet'}, it is ${state}`),
    ],
    ['needed by', neededBy],
    ['restart', [restartPolicy]],
    ['counted', [`${status.counters.starts} starts, ${status.counters.restarts} restarts, ${status.counters.crashes} crashes, ${status.counters.lines} lines`]],
    [
      'what happened',
      changes.map(({ atMs, label, from, to, reason }) => `${new Date(atMs).toISOString()} ${label}: ${from} -> ${to}${reason === '' ? '' : ` (${reason})`}`),
    ],
    ['its last lines', lastLines],
  ]
  return [summary, ...sections.flatMap(([title, lines]) => (lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)])), ''].join('\n')
}
