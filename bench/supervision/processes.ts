// What /proc says about a supervisor: which processes are its own and which it runs, and what its own cost.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export type Family = { readonly own: readonly number[]; readonly programs: readonly number[] }

/** The descendants of `root` and itself; whoever executes one of `programs` is not the supervisor's own. */
export const familyOf = (root: number, programs: ReadonlySet<string>): Family => {
  const childrenOf = new Map<number, number[]>()
  for (const entry of readdirSync('/proc')) {
    const parent = /^\d+$/.test(entry) ? parentOf(Number(entry)) : undefined
    if (parent !== undefined) childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), Number(entry)])
  }
  const members: number[] = []
  for (const next = [root]; next.length > 0;) {
    const pid = next.pop() ?? 0
    members.push(pid)
    next.push(...(childrenOf.get(pid) ?? []))
  }
  const isProgram = (pid: number): boolean => programs.has(programOf(pid))
  return { own: members.filter((pid) => !isProgram(pid)), programs: members.filter(isProgram) }
}

const statOf = (pid: number): readonly string[] => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    // It has ended.
    return []
  }
}

const parentOf = (pid: number): number | undefined => {
  const [state, parent] = statOf(pid)
  return state === undefined || state === 'Z' ? undefined : Number(parent)
}

export const isAlive = (pid: number): boolean => parentOf(pid) !== undefined

export const programOf = (pid: number): string => {
  try {
    return readlinkSync(`/proc/${pid}/exe`)
  } catch {
    return ''
  }
}

/** Seconds of processor time, of all threads that are alive. */
export const cpuSeconds = (pids: readonly number[]): number => {
  const nanoseconds = pids.flatMap((pid) => readdirSync(`/proc/${pid}/task`).map((task) => readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1')))
  return nanoseconds.reduce((total, text) => total + Number(text.split(' ')[0]), 0) / 1e9
}

const kilobytes = (path: string, field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(path, 'latin1'))?.[1] ?? 0)

/** Megabytes, shared pages divided by those who share them. */
export const proportionalMegabytes = (pids: readonly number[]): number =>
  pids.reduce((total, pid) => total + kilobytes(`/proc/${pid}/smaps_rollup`, 'Pss'), 0) / 1000

/** Megabytes that each had at its largest, added up. */
export const peakMegabytes = (pids: readonly number[]): number => pids.reduce((total, pid) => total + kilobytes(`/proc/${pid}/status`, 'VmHWM'), 0) / 1000

/** Polls until it holds; what is waited for here has no event. */
export const waitFor = async (what: string, holds: () => boolean, deadlineMs = 60_000): Promise<number> => {
  const begin = performance.now()
  while (!holds()) {
    if (performance.now() - begin > deadlineMs) throw new Error(`${what}: not within ${deadlineMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return performance.now() - begin
}

/** Kills what is left of a family, whoever its parent is by now. */
export const killAll = async ({ own, programs }: Family): Promise<void> => {
  for (const pid of [...own, ...programs]) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  await waitFor('everything ends', () => ![...own, ...programs].some(isAlive))
}
