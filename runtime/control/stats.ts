// What instances cost, by /proc: each with everything below it. Read when somebody asks, never in between.

import type { InstanceStats, Stats } from '../contract/control-stats.ts'
import type { SupervisorControl } from '../contract/control-supervisor.ts'
import { createProcessTree, readStat, readText, walkTree } from '../supervisor/process-tree.ts'
import type { ProcessTree } from '../supervisor/process-tree.ts'
import { TICKS_PER_SECOND } from '../supervisor/proc-stat.ts'

export type StatsRequest = { readonly processes: readonly string[]; readonly extended: boolean }

export const readStats = async (supervisor: SupervisorControl, { processes, extended }: StatsRequest): Promise<Stats> => {
  const tree = createProcessTree()
  const wanted = supervisor.status().flatMap(({ name, instances }) =>
    instances.flatMap(({ label, index, pid }) => {
      const isWanted = processes.length === 0 || processes.some((word) => word === name || word === `${name}:${index}`)
      return pid === null || !isWanted ? [] : [{ process: name, label, pid }]
    }),
  )
  const instances = await Promise.all(
    wanted.map(async (instance) => ({
      ...readInstance(instance, tree),
      ...(extended ? { extended: { ...readExtended(instance.pid), ...(await readHook(supervisor, instance.label)) } } : {}),
    })),
  )
  return { atMs: performance.now(), supervisor: readOwn(), instances }
}

const readInstance = ({ process, label, pid }: Pick<InstanceStats, 'process' | 'label' | 'pid'>, tree: ProcessTree): InstanceStats => {
  const pids = walkTree(tree, [pid])
  const stats = pids.flatMap((each) => readStat(each) ?? [])
  return {
    label,
    process,
    pid,
    commandLine: readCommandLine(pid),
    ageMs: readAgeMs(pid),
    cpuMs: sum(stats.map(({ cpuTicks }) => cpuTicks)) * MS_PER_TICK,
    memoryBytes: sum(pids.map(readResidentBytes)),
    processes: stats.length,
  }
}

const readOwn = (): Stats['supervisor'] => {
  const { user, system } = process.cpuUsage()
  return { pid: process.pid, ageMs: Math.round(process.uptime() * 1000), cpuMs: Math.round((user + system) / 1000), memoryBytes: process.memoryUsage.rss() }
}

const MS_PER_TICK = 1000 / TICKS_PER_SECOND

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

const readCommandLine = (pid: number): string[] =>
  Buffer.from(readText(`/proc/${pid}/cmdline`), 'latin1')
    .toString('utf8')
    .split('\0')
    .slice(0, -1)

/** Both count from the start of the system. */
const readAgeMs = (pid: number): number => {
  const upMs = Number.parseFloat(readText('/proc/uptime')) * 1000
  const startTicks = readStat(pid)?.startTicks
  return startTicks === undefined ? 0 : Math.max(0, Math.round(upMs - startTicks * MS_PER_TICK))
}

const readResidentBytes = (pid: number): number => Number(/^VmRSS:\s*(\d+)/m.exec(readText(`/proc/${pid}/status`))?.[1] ?? 0) * 1024

/** What needs no right that a user does not have over his own processes; absent where he has not. */
const readExtended = (pid: number): Readonly<Record<string, number>> => {
  const stat = readStat(pid)
  const status = new Map([...readText(`/proc/${pid}/status`).matchAll(/^(\w+):\s*(\d+)/gm)].map(([, key, value]) => [key, Number(value)]))
  const io = new Map([...readText(`/proc/${pid}/io`).matchAll(/^(\w+):\s*(\d+)/gm)].map(([, key, value]) => [key, Number(value)]))
  const facts: readonly (readonly [string, number | undefined])[] = [
    ['threads', stat?.threads],
    ['nice', stat?.nice],
    ['peakMemoryBytes', scale(status.get('VmHWM'))],
    ['swappedBytes', scale(status.get('VmSwap'))],
    ['voluntarySwitches', status.get('voluntary_ctxt_switches')],
    ['involuntarySwitches', status.get('nonvoluntary_ctxt_switches')],
    ['readBytes', io.get('read_bytes')],
    ['writtenBytes', io.get('write_bytes')],
  ]
  return Object.fromEntries(facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

const scale = (kilobytes: number | undefined): number | undefined => (kilobytes === undefined ? undefined : kilobytes * 1024)

type Facts = NonNullable<InstanceStats['extended']>

const readHook = async (supervisor: SupervisorControl, label: string): Promise<Facts> => {
  const said = await supervisor.extendedStats(label)
  // Its output passed through JSON.parse, or is a text.
  const parsed: Facts[string] | undefined = said === undefined ? undefined : JSON.parse(JSON.stringify(said))
  if (parsed === undefined || parsed === null) return {}
  return typeof parsed === 'object' && !Array.isArray(parsed) ? parsed : { hook: parsed }
}
