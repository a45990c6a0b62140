// Debian's packages s6 and execline: a process per program that watches it, and one per log.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { isOnPath } from './on-path.ts'
import type { Declared, Peer } from './peer.ts'

export const createS6 = (): Peer => ({
  name: 's6',
  missing: ['s6-svscan', 's6-log', 'execlineb'].every(isOnPath) ? undefined : 'there is no s6-svscan: apt-get install s6 execline',
  // A file of s6-log has at most 256 MiB; those before it have their time as their name.
  logFiles: (logPath) => {
    const dir = dirname(logPath)
    const old = existsSync(dir) ? readdirSync(dir).filter((name) => name.startsWith('@')) : []
    return [...old.sort().map((name) => join(dir, name)), join(dir, 'current')]
  },
  prepare: async (dir, declared) => {
    for (const each of declared) writeService(dir, each)
    return async () => {
      const child = spawn('s6-svscan', [join(dir, 'scan')], { cwd: dir, stdio: 'ignore', detached: true })
      const pid = child.pid ?? 0
      return { pid, decider: () => pid, stop: () => child.kill('SIGTERM') }
    }
  },
})

const writeService = (dir: string, { name, command, restarts, logPath }: Declared): void => {
  const serviceDir = join(dir, 'scan', name)
  mkdirSync(serviceDir, { recursive: true })
  writeScript(join(serviceDir, 'run'), command.join(' '))
  // 125: it is not started again.
  if (!restarts) writeScript(join(serviceDir, 'finish'), 'exit 125')
  if (logPath === undefined) return
  mkdirSync(join(serviceDir, 'log'))
  mkdirSync(dirname(logPath), { recursive: true })
  writeScript(join(serviceDir, 'log', 'run'), `s6-log n100 s268435455 ${dirname(logPath)}`)
}

const writeScript = (path: string, text: string): void => writeFileSync(path, `#!${execline()} -P\n${text}\n`, { mode: 0o755 })

const execline = (): string => (existsSync('/usr/bin/execlineb') ? '/usr/bin/execlineb' : '/bin/execlineb')
