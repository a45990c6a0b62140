// What /proc says: who is there, and what it holds.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export type TableEntry = { readonly pid: number; readonly ppid: number; readonly isZombie: boolean; readonly command: string }

const readOf = (pid: number | string, name: string): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1')
  } catch {
    // It has ended.
    return undefined
  }
}

const entryOf = (pid: string): readonly TableEntry[] => {
  const stat = readOf(pid, 'stat')
  if (stat === undefined) return []
  const [state = '', ppid = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return [{ pid: Number(pid), ppid: Number(ppid), isZombie: state === 'Z' || state === 'X', command: (readOf(pid, 'cmdline') ?? '').replaceAll('\0', ' ') }]
}

export const processTable = (): readonly TableEntry[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(entryOf)

export const isRunning = (pid: number): boolean => pid > 0 && entryOf(String(pid)).some(({ isZombie }) => !isZombie)

/** Living processes that execute this file. */
export const pidsOf = (program: string): readonly number[] =>
  processTable().flatMap(({ pid, isZombie }) => (!isZombie && programOf(pid) === program ? [pid] : []))

const programOf = (pid: number): string => {
  try {
    return readlinkSync(`/proc/${pid}/exe`)
  } catch {
    // A kernel thread, or gone.
    return ''
  }
}

/** Dead processes that nobody has asked about, among the descendants of `root`. */
export const zombiesBelow = (root: number): number => {
  const table = processTable()
  const isBelow = (pid: number): boolean => pid === root || (pid > 1 && isBelow(table.find((entry) => entry.pid === pid)?.ppid ?? 0))
  return table.filter(({ ppid, isZombie }) => isZombie && isBelow(ppid)).length
}

export type Holdings = { readonly descriptors: number; readonly kilobytes: number }

/** Open descriptors, and memory that is not from a file. */
export const holdingsOf = (pid: number): Holdings => ({
  descriptors: readdirSync(`/proc/${pid}/fd`).length,
  kilobytes: Number(/^RssAnon:\s+(\d+) kB$/m.exec(readOf(pid, 'status') ?? '')?.[1] ?? Number.NaN),
})
