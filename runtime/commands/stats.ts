// `stats` and `top`: what the processes use. The share of the processor is between two answers; what has just started
// is counted from its start.

import { setTimeout } from 'node:timers/promises'
import type { InstanceStats, Stats } from '../contract/control-stats.ts'
import { ROUTES } from '../contract/control-routes.ts'
import { callControl } from '../control/client.ts'
import type { Command, CommandContext } from './context.ts'
import { printText } from './context.ts'
import { createInterruptible } from './interruption.ts'
import { openScreen } from './screen.ts'
import { resolveTarget } from './target.ts'
import { renderAge, renderSize, renderTable } from './text-table.ts'

export const stats: Command = async (context) => {
  const read = createReader(context)
  const before = await read()
  await setTimeout(SAMPLE_MS)
  const after = await read()
  printText(context, context.flags.has('--json') ? `${JSON.stringify(addShares(before, after), undefined, 2)}\n` : `${renderStats(before, after).join('\n')}\n`)
  return 0
}

/** Once, when nobody can watch it change. */
export const top: Command = async (context) => {
  if (!context.isTerminal || isDumb(context)) return stats(context)
  const read = createReader(context)
  let before = await read()
  const screen = openScreen(context)
  const untilEnd = createInterruptible(screen.ended)
  try {
    for (let pauseMs = SAMPLE_MS; ; pauseMs = TOP_INTERVAL_MS) {
      const status = await untilEnd(setTimeout(pauseMs))
      if (status !== undefined) return status
      const after = await untilEnd(read())
      if (typeof after === 'number') return after
      screen.draw(renderStats(before, after))
      before = after
      // A terminal that is stopped shows the latest, not all that it has missed.
      await untilEnd(context.stdout.flush(FLUSH_MS))
    }
  } finally {
    await screen.close()
  }
}

/** It knows no page that could be drawn again. */
const isDumb = ({ environment }: CommandContext): boolean => ['', 'dumb'].includes(environment['TERM'] ?? '')

const SAMPLE_MS = 250
const TOP_INTERVAL_MS = 1000
/** The longest time that a timer can measure. */
const FLUSH_MS = 2_147_483_647

const createReader =
  (context: CommandContext): (() => Promise<Stats>) =>
  () =>
    callControl(resolveTarget(context), ROUTES.stats, { processes: [...context.operands], extended: context.flags.has('--extended') })

const resolveShare = (before: Stats, after: Stats, instance: InstanceStats): number => {
  const earlier = before.instances.find(({ label, pid }) => label === instance.label && pid === instance.pid)
  const cpuMs = earlier === undefined ? instance.cpuMs : instance.cpuMs - earlier.cpuMs
  const elapsedMs = earlier === undefined ? instance.ageMs : after.atMs - before.atMs
  return elapsedMs <= 0 ? 0 : Math.max(0, Math.round((cpuMs / elapsedMs) * 1000) / 10)
}

const addShares = (before: Stats, after: Stats): unknown => ({
  ...after,
  instances: after.instances.map((instance) => ({ ...instance, cpuPercent: resolveShare(before, after, instance) })),
})

const renderStats = (before: Stats, after: Stats): readonly string[] => {
  const { supervisor } = after
  const ownShare = (supervisor.cpuMs - before.supervisor.cpuMs) / Math.max(1, after.atMs - before.atMs)
  const rows = after.instances.map((instance) => [
    instance.label,
    String(instance.pid),
    `${resolveShare(before, after, instance).toFixed(1)}%`,
    renderSize(instance.memoryBytes),
    renderAge(instance.ageMs),
    String(instance.processes),
    instance.commandLine.join(' ').slice(0, COMMAND_WIDTH),
  ])
  const own = [
    '(supervisor)',
    String(supervisor.pid),
    `${(ownShare * 100).toFixed(1)}%`,
    renderSize(supervisor.memoryBytes),
    renderAge(supervisor.ageMs),
    '1',
    '',
  ]
  const table = renderTable([['NAME', 'PID', 'CPU', 'MEMORY', 'AGE', 'PROCESSES', 'COMMAND'], ...rows, own])
  return [...table, ...after.instances.flatMap(renderExtended)]
}

const COMMAND_WIDTH = 60

const renderExtended = ({ label, extended }: InstanceStats): readonly string[] =>
  extended === undefined
    ? []
    : [
        `${label}: ${Object.entries(extended)
          .map(([key, value]) => `${key} ${JSON.stringify(value)}`)
          .join(', ')}`,
      ]
