// What planning wants to know about the host, read when it is asked for and then only once.

import { readFileSync, statSync } from 'node:fs'
import { readAccounts } from './accounts.ts'
import type { Accounts } from './accounts.ts'

export type HostFacts = {
  readonly gid: number
  readonly accounts: () => Accounts
  /** Undefined when the kernel does not say. */
  readonly memoryTotalBytes: () => number | undefined
  readonly isFile: (path: string) => boolean
}

export const createHostFacts = (): HostFacts => ({
  gid: process.getgid?.() ?? 0,
  accounts: once(readAccounts),
  memoryTotalBytes: once(() => parseMemoryTotal(readMemoryInfo())),
  isFile,
})

/** Of /proc/meminfo, which counts in KiB. */
export const parseMemoryTotal = (text: string): number | undefined => {
  const [, amount] = /^MemTotal:\s*(\d+) kB$/m.exec(text) ?? []
  return amount === undefined ? undefined : Number(amount) * 1024
}

const readMemoryInfo = (): string => {
  try {
    return readFileSync('/proc/meminfo', 'utf8')
  } catch {
    // Without /proc nobody knows.
    return ''
  }
}

const isFile = (path: string): boolean => {
  try {
    return statSync(path).isFile()
  } catch {
    // Not there, or not for us to see.
    return false
  }
}

const once = <Value>(read: () => Value): (() => Value) => {
  let known: { readonly value: Value } | undefined
  return () => (known ??= { value: read() }).value
}
