// Who runs in a process id namespace, seen from outside of it.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export type NamespaceProcess = { readonly pid: number; readonly name: string; readonly command: string }

/** Living processes, without the process 1 that we put there, and the one that writes to disk in the background. */
export const processesIn = (pidNamespace: string): readonly NamespaceProcess[] =>
  readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry) || linkOf(`/proc/${entry}/ns/pid`) !== pidNamespace) return []
    try {
      const [, name = '', state = ''] = /^\d+ \((.*)\) (\w)/s.exec(readFileSync(`/proc/${entry}/stat`, 'utf8')) ?? []
      if (state === 'Z' || name === 'enter-init' || name === 'nixpack-sync') return []
      return [{ pid: Number(entry), name, command: readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() }]
    } catch {
      // It ended while it was looked at.
      return []
    }
  })

/** Where a link of /proc leads; '' when its process is gone. */
export const linkOf = (path: string): string => {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
