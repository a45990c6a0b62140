// `status`: a table for people, JSON for programs.

import type { BundleStatus, InstanceStatus, ProcessStatus } from '../contract/control.ts'
import { ROUTES } from '../contract/control-routes.ts'
import { callControl } from '../control/client.ts'
import { processOf, resolveSelection } from '../control/selection.ts'
import type { Command } from './context.ts'
import { printText } from './context.ts'
import { resolveTarget } from './target.ts'
import { renderAge, renderTable } from './text-table.ts'

export const status: Command = async (context) => {
  const all = await callControl(resolveTarget(context), ROUTES.status, {})
  const wanted = new Set(resolveSelection(context.operands, all.processes).map((label) => processOf(label, all.processes)))
  const bundle = wanted.size === 0 ? all : { ...all, processes: all.processes.filter(({ name }) => wanted.has(name)) }
  printText(context, context.flags.has('--json') ? `${JSON.stringify(bundle, undefined, 2)}\n` : renderStatus(bundle))
  return 0
}

const renderStatus = (bundle: BundleStatus): string => {
  const rows = [['NAME', 'STATE', 'PID', 'UP', 'RESTARTS', ''], ...bundle.processes.flatMap(renderProcess)]
  const dropped = bundle.linesDropped === 0 ? [] : [`${bundle.linesDropped} lines were dropped: nobody reads the output, or its disk is full`]
  const stopping = bundle.stopping ? ['it is stopping'] : []
  return [`${bundle.name} (instance ${bundle.instance}, pid ${bundle.pid})`, ...renderTable(rows), ...dropped, ...stopping, ''].join('\n')
}

/** One row per instance; a process without any has one, too. */
const renderProcess = (process: ProcessStatus): readonly (readonly string[])[] =>
  process.instances.length === 0
    ? [renderRow(process.name, { ...process, statusText: null })]
    : process.instances.map((instance) => renderRow(instance.label, instance))

const renderRow = (name: string, standing: Omit<InstanceStatus, 'label' | 'index'>): readonly string[] => [
  name,
  standing.state,
  standing.pid === null ? '-' : String(standing.pid),
  standing.uptimeMs === null ? '-' : renderAge(standing.uptimeMs),
  String(standing.restarts),
  renderRemarks(standing),
]

const renderRemarks = ({ reason, nextStartInMs, statusText }: Pick<InstanceStatus, 'reason' | 'nextStartInMs' | 'statusText'>): string =>
  [reason, nextStartInMs === null ? '' : `next start in ${nextStartInMs < 10_000 ? `${nextStartInMs} ms` : renderAge(nextStartInMs)}`, statusText ?? '']
    .filter((text) => text !== '')
    .join(', ')
