// What the kernel says of a process in /proc/PID/stat, as proc(5) describes it. Pure.

export type ProcStat = {
  readonly pid: number
  readonly name: string
  readonly state: string
  readonly parentPid: number
  readonly session: number
  /** In clock ticks, with the children that were waited for left out. */
  readonly cpuTicks: number
  readonly nice: number
  readonly threads: number
  /** Since the system was started: with the pid it is an identity that is never given twice. */
  readonly startTicks: number
}

/** USER_HZ: the same on every platform that Linux has today, whatever CONFIG_HZ says. */
export const TICKS_PER_SECOND = 100

export const parseStat = (text: string): ProcStat | undefined => {
  // The name in parentheses may hold anything; the fields follow the last of them.
  const nameEnd = text.lastIndexOf(')')
  const nameStart = text.indexOf('(')
  const fields = text.slice(nameEnd + 2).split(' ')
  if (nameStart < 0 || nameEnd < nameStart || fields.length <= START_FIELD) return undefined
  const read = (field: number): number => Number(fields[field])
  return {
    pid: Number(text.slice(0, nameStart)),
    name: text.slice(nameStart + 1, nameEnd),
    state: fields[0] ?? '',
    parentPid: read(1),
    session: read(3),
    cpuTicks: read(11) + read(12),
    nice: read(16),
    threads: read(17),
    startTicks: read(START_FIELD),
  }
}

/** Counted from the state, the first field behind the name. */
const START_FIELD = 19

/** A zombie only waits for somebody to ask how it ended. */
export const isLiving = ({ state }: ProcStat): boolean => state !== 'Z' && state !== 'X'
