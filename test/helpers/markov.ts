// The markov bundle as its users meet it: started with one variable, spoken to over HTTP.
import { join } from 'node:path'

import { freePort, processesOf, startBundle, until } from './bundle-process.ts'
import type { BundleRun, HostProcess } from './bundle-process.ts'
import { bundlePath, newUser } from './e2e-bundles.ts'

export type Markov = BundleRun & {
  readonly uid: number
  readonly dir: string
  readonly url: string
  readonly environment: Readonly<Record<string, string>>
  readonly build: (words: string) => Promise<number>
  readonly generate: (parts: number) => Promise<{ readonly status: number; readonly text: string }>
  readonly process: (name: string) => HostProcess
}

export type MarkovStart = {
  readonly uid?: number
  readonly dir?: string
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  readonly file?: string
}

/** Starts the bundle with an environment of MARKOV_LISTEN_ADDR and what is given, and waits until it answers. */
export const startMarkov = async (start: MarkovStart = {}): Promise<Markov> => {
  const markov = await launchMarkov(start)
  await until(
    'the bundle answers',
    async () => {
      if (markov.child.exitCode !== null) throw new Error(`the bundle ended: ${markov.stderr()}`)
      return (await fetchStatus(`${markov.url}/`)) === 200
    },
    60_000,
  )
  return markov
}

/** Starts the bundle and does not wait. */
export const launchMarkov = async (start: MarkovStart = {}): Promise<Markov> => {
  const user = start.uid === undefined || start.dir === undefined ? newUser() : { uid: start.uid, dir: start.dir }
  const address = `127.0.0.1:${await freePort()}`
  const environment = { MARKOV_LISTEN_ADDR: address, ...start.env }
  const run = startBundle({ file: start.file ?? bundlePath('markov'), uid: user.uid, cwd: start.cwd ?? user.dir, args: start.args ?? [], env: environment })
  const url = `http://${address}`
  return {
    ...run,
    ...user,
    url,
    environment,
    build: async (words) => (await fetch(`${url}/build`, { method: 'POST', body: words, signal: AbortSignal.timeout(10_000) })).status,
    generate: async (parts) => {
      const response = await fetch(`${url}/generate?numParts=${parts}`, { signal: AbortSignal.timeout(10_000) })
      return { status: response.status, text: await response.text() }
    },
    process: (name) => {
      const found = processesOf(user.uid).find((process) => process.name === name && process.pid !== run.pid && !process.command.includes('--library-path'))
      if (found === undefined) throw new Error(`no process ${name} among ${JSON.stringify(processesOf(user.uid))}`)
      return found
    },
  }
}

const fetchStatus = async (url: string): Promise<number> => {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).status
  } catch {
    // Not listening yet.
    return 0
  }
}

/** Where the runtime keeps its files when the environment names no directory. */
export const runDirOf = (uid: number): string => join('/tmp', `nixpack-${uid}`, 'run', 'markov', 'default')
