// `reload`: of processes that are named; without names, of the whole configuration.

import type { PlanChange } from '../contract/control.ts'
import { ROUTES } from '../contract/control-routes.ts'
import { callControl } from '../control/client.ts'
import type { Command } from './context.ts'
import { printText } from './context.ts'
import { reloadProcesses } from './process-command.ts'
import { resolveTarget } from './target.ts'

export const reload: Command = async (context) => {
  if (context.operands.length > 0) return reloadProcesses(context)
  printText(context, renderChange(await callControl(resolveTarget(context), ROUTES.applyConfig, {})))
  return 0
}

export const renderChange = (change: PlanChange): string => {
  const rows = (['added', 'changed', 'scaled', 'removed'] as const).flatMap((what) =>
    change[what].length === 0 ? [] : [`${what}: ${change[what].join(', ')}`],
  )
  return rows.length === 0 ? 'nothing has changed\n' : `${rows.join('\n')}\n`
}
