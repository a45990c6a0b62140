// What the soak runs: processes that are killed and scaled, a server behind a socket that stays, one that depends, one that floods.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { ROUTES } from '../../runtime/contract/control-routes.ts'
import type { BundleStatus } from '../../runtime/contract/control.ts'
import { callControl } from '../../runtime/control/client.ts'
import { freePort } from '../helpers/bundle-process.ts'
import { createBundle } from './bundle.ts'
import type { Bundle, Run } from './bundle.ts'
import { programPath, sharedDir } from './setup.ts'

export const FLOOD_LINES = 100_000
const WIDTH = 100
const FILE_BYTES = 4_000_000

export type Soak = {
  readonly bundle: Bundle
  readonly run: Run
  readonly port: number
  readonly status: () => Promise<BundleStatus>
  /** Lines in all files of the flood, counted over the whole soak. Only between floods. */
  readonly countFloodLines: () => number
}

/** What is killed comes back at once, however often. */
const RESTARTS = { restart: 'always', restartDelay: '1ms', restartDelayMax: '50ms', restartBurst: -1 } as const

export const PROGRAMS = ['arrives', 'serves', 'lines'] as const

export const createSoak = async (): Promise<Soak & AsyncDisposable> => {
  const port = await freePort()
  const logDir = join(sharedDir(), 'soak-logs')
  mkdirSync(logDir)
  const idle = { command: [programPath('arrives'), '/dev/null'], ...RESTARTS }
  const bundle = await createBundle({
    sockets: { web: { tcp: `127.0.0.1:${port}` } },
    processes: {
      workers: { ...idle, numprocesses: 3 },
      server: { command: [programPath('serves')], sockets: ['web'], numprocesses: 2, gracefulTimeout: '5s', ...RESTARTS },
      dependent: { ...idle, dependsOn: { server: { condition: 'ready', restart: true } } },
      reloaded: { ...idle, numprocesses: 2, reload: 'sequential' },
      flood: {
        command: [programPath('lines'), String(FLOOD_LINES), String(WIDTH), 'flood'],
        oneshot: true,
        autostart: false,
        // A machine with other things to do may leave a line half written for seconds.
        log: { partialTimeout: '60s' },
        stdout: { file: join(logDir, 'flood'), maxBytes: `${FILE_BYTES}B`, backupCount: 100 },
      },
    },
  })
  const run = bundle.start()
  let counted = 0
  return {
    bundle,
    run,
    port,
    status: () => callControl(bundle.control, ROUTES.status, {}),
    countFloodLines: () => {
      const files = readdirSync(logDir).map((name) => join(logDir, name))
      const rotated = files.filter((file) => /\.\d+$/.test(file))
      counted += countLines(rotated)
      for (const file of rotated) rmSync(file)
      return counted + countLines(files.filter((file) => !rotated.includes(file)))
    },
    [Symbol.asyncDispose]: () => bundle[Symbol.asyncDispose](),
  }
}

const countLines = (files: readonly string[]): number =>
  files.length === 0 ? 0 : Number(execFileSync('sh', ['-c', 'cat "$@" | wc -l', 'sh', ...files], { encoding: 'utf8' }))
