// One run of one program, started through the exec shim. The only user of node:child_process in the runtime.
// Guarantees: `spawned` at most once and only after the program has replaced the shim; `exited` exactly once, last.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { Duplex } from 'node:stream'
import { openFifos } from './fifo.ts'
import type { Pipes } from './fifo.ts'
import { FIFOS_MADE, GO, parseShimFailure, planShimArguments, STATUS_FD } from './shim.ts'
import type { ChildExit } from './state.ts'

export type ChildRequest = {
  readonly shimPath: string
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly workingDir: string
  readonly fifoDir: string | undefined
}

export type ChildListeners = {
  /** Both pipes are open; the program has not run yet. */
  readonly piped?: (pipes: Pipes) => void
  readonly spawned?: (pid: number) => void
  readonly exited: (exit: ChildExit) => void
}

export type Child = {
  /** The shim's, then the program's: also its process group and session. Undefined when not even the shim runs. */
  readonly pid: number | undefined
}

export const createChild = (request: ChildRequest, listeners: ChildListeners): Child => {
  const { command, fifoDir } = request
  const program = command[0] ?? ''
  const child = startShim(request)
  if (child instanceof Error) {
    const message = `cannot run the exec shim "${request.shimPath}": ${child.message}`
    setImmediate(listeners.exited, { kind: 'spawnFailed', status: 125, message })
    return { pid: undefined }
  }
  let failure: ChildExit | undefined
  const conversation = followStatus(child, (line, answer) => {
    failure ??= parseShimFailure(line, program)
    if (line !== FIFOS_MADE || fifoDir === undefined) return
    try {
      listeners.piped?.(openFifos(fifoDir))
      answer(GO)
    } catch (error) {
      failure = { kind: 'spawnFailed', status: 125, message: `cannot read the output of "${program}": ${renderReason(error)}` }
      child.kill('SIGKILL')
    }
  })
  const ended = waitForExit(child, request.shimPath)
  void conversation.then(() => {
    if (failure === undefined && child.pid !== undefined) listeners.spawned?.(child.pid)
  })
  void Promise.all([ended, conversation]).then(([exit]) => listeners.exited(failure ?? exit))
  return { pid: child.pid }
}

/** An error is returned for what Node throws at once, such as E2BIG or a full disk. */
const startShim = ({ shimPath, command, workingDir, fifoDir, environment }: ChildRequest): ChildProcess | Error => {
  try {
    if (fifoDir !== undefined) mkdirSync(fifoDir, { recursive: true, mode: 0o700 })
    const words = planShimArguments({ command, workingDir, supervisorPid: process.pid, fifoDir })
    return spawn(shimPath, words, { cwd: '/', env: environment, stdio: ['ignore', 'ignore', 'inherit', 'pipe'] })
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

const renderReason = (error: unknown): string => (error instanceof Error ? error.message : String(error))

type LineListener = (line: string, answer: (text: string) => void) => void

/** Resolves when the status pipe ends: the program was executed, or the shim is gone. */
const followStatus = (child: ChildProcess, onLine: LineListener): Promise<void> =>
  new Promise((resolve) => {
    const status = child.stdio[STATUS_FD]
    if (!(status instanceof Duplex)) return resolve()
    // A shim that dies between two lines resets the pipe; its exit status tells the story.
    status.on('error', () => undefined)
    let pending = ''
    status.setEncoding('utf8')
    status.on('data', (text: string) => {
      const lines = `${pending}${text}`.split('\n')
      pending = lines.pop() ?? ''
      for (const line of lines) onLine(line, (reply) => status.write(reply))
    })
    status.on('close', resolve)
    // Half-open by default: our own half is of no use any more.
    status.on('end', () => status.destroy())
  })

const waitForExit = (child: ChildProcess, shimPath: string): Promise<ChildExit> =>
  new Promise((resolve) => {
    child.on('error', (error) => {
      resolve({ kind: 'spawnFailed', status: 125, message: `cannot run the exec shim "${shimPath}": ${error.message}` })
    })
    child.on('exit', (code, signal) => {
      resolve(signal === null ? { kind: 'code', code: code ?? 0 } : { kind: 'signal', signal })
    })
  })
