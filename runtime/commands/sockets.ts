// `listsockets`: the declared sockets with their real addresses.

import { ROUTES } from '../contract/control-routes.ts'
import { callControl } from '../control/client.ts'
import type { Command } from './context.ts'
import { printText } from './context.ts'
import { resolveTarget } from './target.ts'
import { renderTable } from './text-table.ts'

export const listsockets: Command = async (context) => {
  const sockets = await callControl(resolveTarget(context), ROUTES.sockets, {})
  const rows = sockets.map(({ name, kind, address, isOpen, processes }) => [name, kind, address, isOpen ? 'open' : 'closed', processes.join(', ')])
  const table = renderTable([['NAME', 'KIND', 'ADDRESS', 'STATE', 'PROCESSES'], ...rows]).join('\n')
  printText(context, context.flags.has('--json') ? `${JSON.stringify(sockets, undefined, 2)}\n` : `${table}\n`)
  return 0
}

export const reopenLogs: Command = async (context) => {
  await callControl(resolveTarget(context), ROUTES.reopenLogs, {})
  return 0
}
