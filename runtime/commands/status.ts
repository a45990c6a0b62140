// `status`: a table for people, JSON for programs.

import { CONTROL_PATHS, statusReplySchema } from '../contract/control.ts'
import type { BundleStatus, ProcessStatus } from '../contract/control.ts'
import { callControl, createRefusal } from '../control/client.ts'
import type { Command } from './context.ts'
import { printText } from './context.ts'
import { resolveTarget } from './target.ts'

export const status: Command = async (context) => {
  const call = { method: 'GET', path: CONTROL_PATHS.status } as const
  const reply = statusReplySchema.parse(await callControl(resolveTarget(context), call))
  if (!reply.ok) throw createRefusal(reply.error)
  printText(context, context.flags.has('--json') ? `${JSON.stringify(reply.value, undefined, 2)}\n` : renderStatus(reply.value))
  return 0
}

const renderStatus = (bundle: BundleStatus): string => {
  const rows = [['NAME', 'STATE', 'PID', 'UP', 'RESTARTS', ''], ...bundle.processes.map(renderProcess)]
  const widths = rows.reduce<readonly number[]>((widest, row) => row.map((cell, at) => Math.max(cell.length, widest[at] ?? 0)), [])
  const lines = rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const dropped = bundle.linesDropped === 0 ? [] : [`${bundle.linesDropped} lines were dropped: nobody reads the output, or its disk is full`]
  return [`${bundle.name} (instance ${bundle.instance}, pid ${bundle.pid})`, ...lines, ...dropped, ''].join('\n')
}

const renderProcess = (process: ProcessStatus): readonly string[] => [
  process.name,
  process.state,
  process.pid === null ? '-' : String(process.pid),
  process.uptimeMs === null ? '-' : renderAge(process.uptimeMs),
  String(process.restarts),
  process.nextStartInMs === null ? process.reason : `${process.reason}, next start in ${process.nextStartInMs} ms`,
]

const renderAge = (ms: number): string => {
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${seconds % 60}s`
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)}h${Math.floor((seconds % 3600) / 60)}m` : `${Math.floor(seconds / 86_400)}d`
}
