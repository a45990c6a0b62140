// Debian's package supervisor.
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { isOnPath } from './on-path.ts'
import type { Declared, Peer } from './peer.ts'

export const createSupervisord = (): Peer => ({
  name: 'supervisord',
  missing: isOnPath('supervisord') ? undefined : 'there is no supervisord: apt-get install supervisor',
  logFiles: (logPath) => [logPath],
  prepare: async (dir, declared) => {
    const sections = [
      `[supervisord]\nnodaemon=true\nlogfile=${dir}/supervisord.log\npidfile=${dir}/supervisord.pid\nchildlogdir=${dir}`,
      ...declared.map(renderProgram),
    ]
    writeFileSync(join(dir, 'supervisord.conf'), `${sections.join('\n')}\n`)
    return async () => {
      const child = spawn('supervisord', ['--configuration', join(dir, 'supervisord.conf')], { cwd: dir, stdio: 'ignore', detached: true })
      const pid = child.pid ?? 0
      return { pid, decider: () => pid, stop: () => child.kill('SIGTERM') }
    }
  },
})

/** It starts one after the other by priority, and waits for none. */
const renderProgram = ({ name, command, restarts, logPath, after }: Declared): string =>
  [
    `[program:${name}]`,
    `command=${command.join(' ')}`,
    `autorestart=${restarts}`,
    `priority=${after === undefined ? 1 : 2}`,
    'stdout_logfile_maxbytes=0',
    ...(restarts ? [] : ['startsecs=0']),
    ...(logPath === undefined ? [] : [`stdout_logfile=${logPath}`]),
  ].join('\n')
