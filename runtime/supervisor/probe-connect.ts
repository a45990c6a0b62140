// Asks an address by connecting to it. A listener that is known to be a stranger's does not count: a program that
// could not bind its port would else look ready because of the one that has it.

import { connect } from 'node:net'
import type { LookupFunction, Socket } from 'node:net'
import { createOwnerCheck, readTcpListeners, readUnixListeners } from './port-owner.ts'
import type { Listeners, Ownership } from './port-owner.ts'
import { answerLate, answerNo, YES } from './probe-answer.ts'
import type { Answer } from './probe-answer.ts'
import type { RunFacts } from './process-tree-run.ts'

export type Target = { readonly host: string; readonly port: number } | { readonly path: string }

export type ConnectOptions = {
  readonly target: Target
  readonly limitMs: number
  readonly signal: AbortSignal
  /** What is to be said and heard over the connection; else the connection is the answer. */
  readonly converse?: (socket: Socket, answer: (answer: Answer) => void) => void
}

/** One asker per run, since it remembers strangers; without a run they are not looked for. */
export const createConnectCheck = (run: RunFacts | undefined): ((options: ConnectOptions) => Promise<Answer>) => {
  const resolveOwnership = run === undefined ? undefined : createOwnerCheck(run)
  return (options) =>
    new Promise((resolve) => {
      const { target, limitMs, signal, converse } = options
      const where = renderTarget(target)
      const socket = connect({ ...target, ...('host' in target && isLocalhost(target.host) ? { lookup: lookupLocalhost } : {}), signal })
      const answer = (result: Answer): void => {
        clearTimeout(timer)
        socket.destroy()
        resolve(result)
      }
      const timer = setTimeout(() => answer(answerLate(`no answer from ${where}`, limitMs)), limitMs)
      socket.on('connect', () => {
        const refusal = resolveOwnership && renderStranger(where, resolveOwnership(readListenersOf(target, socket)))
        if (refusal !== undefined) return answer(answerNo(refusal))
        if (converse === undefined) return answer(YES)
        converse(socket, answer)
      })
      socket.on('error', (error) => answer(answerNo(`cannot connect to ${where}: ${renderError(error)}`)))
      // Also after an abort, where nobody waits for the answer any more.
      socket.on('close', () => answer(answerNo(`${where} hung up`)))
    })
}

/** Where the connection went to: a name may stand for several addresses. */
const readListenersOf = (target: Target, socket: Socket): Listeners => {
  if ('path' in target) return readUnixListeners(target.path)
  return socket.remoteAddress === undefined ? [] : readTcpListeners(socket.remoteAddress, target.port)
}

const renderStranger = (where: string, ownership: Ownership): string | undefined =>
  ownership.kind === 'foreign' ? `${where} belongs to another process: pid ${ownership.owner.pid} (${ownership.owner.program})` : undefined

export const renderTarget = (target: Target): string =>
  'path' in target ? `"${target.path}"` : `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`

/** The code says all; the message only repeats the address. */
const renderError = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : error.message)

/** RFC 6761: these names mean this host, also where neither /etc/hosts nor a name server says so. */
export const isLocalhost = (host: string): boolean => /^(?:.*\.)?localhost$/i.test(host)

const lookupLocalhost: LookupFunction = (_name, _options, answer) =>
  answer(null, [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ])
