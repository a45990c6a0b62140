// pm2 from npm, in a directory of its own.
import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

import type { Peer } from './peer.ts'

const exec = promisify(execFile)
const VERSION = '7.0.4'

export const createPm2 = async (installDir: string): Promise<Peer> => {
  const missing = await install(installDir)
  // Of its own: else it would share its pages with us.
  const node = join(installDir, 'node')
  copyFileSync(process.execPath, node)
  const program = join(installDir, 'node_modules', 'pm2', 'bin', 'pm2')
  return {
    name: 'pm2',
    missing,
    logFiles: (logPath) => [logPath],
    prepare: async (dir, declared) => {
      const home = join(dir, 'home')
      const apps = declared.map(({ name, command: [script, ...args], restarts, logPath }) => ({
        name,
        script,
        args,
        interpreter: 'none',
        autorestart: restarts,
        // Without it the file has another name.
        merge_logs: true,
        ...(logPath === undefined ? {} : { out_file: logPath }),
      }))
      writeFileSync(join(dir, 'ecosystem.json'), JSON.stringify({ apps }))
      return async () => {
        await exec(node, [program, 'start', join(dir, 'ecosystem.json')], { cwd: dir, env: { ...process.env, PM2_HOME: home } })
        const pid = Number(readFileSync(join(home, 'pm2.pid'), 'utf8'))
        return { pid, decider: () => pid, stop: () => process.kill(pid, 'SIGTERM') }
      }
    },
  }
}

const install = async (dir: string): Promise<string | undefined> => {
  mkdirSync(dir)
  writeFileSync(join(dir, 'package.json'), '{}')
  try {
    await exec('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', `pm2@${VERSION}`], { cwd: dir, timeout: 120_000 })
    return undefined
  } catch (error) {
    return `npm cannot install pm2@${VERSION}: ${String(error).split('\n').at(-1)}`
  }
}
