// What processes use, from /proc. Memory is the resident size, as circus counts it: one short file per process, where
// the proportional size makes the kernel walk all pages under the lock that the process itself needs.

import { readFileSync } from 'node:fs'
import { TICKS_PER_SECOND } from './proc-stat.ts'
import { createProcessTree, readStat, readText, walkTree } from './process-tree.ts'

export type ProcessUsage = {
  readonly pid: number
  /** With the pid: of this process and no other. */
  readonly startTicks: number
  /** Since it started, in user and in kernel mode. */
  readonly cpuMs: number
  readonly rssBytes: number
}

/** Undefined when it has ended. */
export const readUsage = (pid: number): ProcessUsage | undefined => {
  const stat = readStat(pid)
  if (stat === undefined) return undefined
  return { pid, startTicks: stat.startTicks, cpuMs: (stat.cpuTicks * 1000) / TICKS_PER_SECOND, rssBytes: readResidentPages(pid) * PAGE_BYTES }
}

/** What stat says of it is off by some pages for each processor, on kernels that count by processor. */
const readResidentPages = (pid: number): number => Number(readText(`/proc/${pid}/statm`).split(' ')[1] ?? 0)

/** AT_PAGESZ of our own auxiliary vector: 4 KiB, except on some ARM kernels. */
const readPageBytes = (): number => {
  try {
    const vector = readFileSync('/proc/self/auxv')
    for (let at = 0; at + 16 <= vector.length; at += 16) {
      if (vector.readBigUInt64LE(at) === 6n) return Number(vector.readBigUInt64LE(at + 8))
    }
  } catch {
    // ENOENT: without /proc there is nothing to be multiplied either.
  }
  return 4096
}
const PAGE_BYTES = readPageBytes()

export type TreeUsage = {
  /** The leader first. */
  readonly processes: readonly ProcessUsage[]
  readonly rssBytes: number
}

/** Of the process alone, or with its descendants. */
export const readTreeUsage = (pid: number, children: boolean): TreeUsage | undefined => {
  const pids = children ? walkTree(createProcessTree(), [pid]) : [pid]
  const processes = pids.flatMap((one) => readUsage(one) ?? [])
  if (processes[0]?.pid !== pid) return undefined
  return { processes, rssBytes: processes.reduce((sum, { rssBytes }) => sum + rssBytes, 0) }
}
