// The client of the spawner: the process that starts every child and holds sockets and locks, since Node can do neither.
// Guarantees: `spawned` at most once and only after the program has been executed; `exited` exactly once, last
// but for notifications of another main process.

import { NixpackError } from '../contract/errors.ts'
import type { ExitMark, RunSpec, SocketAddress, SocketSpec } from '../contract/process-spec.ts'
import { createSpawnerChildren } from './spawner-children.ts'
import { createSpawnerConnection } from './spawner-connection.ts'
import { findField, findNumber } from './spawner-frame.ts'
import type { SpawnerMessage } from './spawner-frame.ts'
import { renderLockFailure } from './spawner-lock.ts'
import type { NotifyMessage } from './spawner-notify.ts'
import { listenOn } from './spawner-sockets.ts'
import type { Ask } from './spawner-sockets.ts'
import type { ChildExit } from './state.ts'

export type SpawnerOptions = {
  /** The launcher's binary. */
  readonly shimPath: string
  /** NOTIFY_SOCKET of it is where `tell` speaks to; nothing else is used. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** What nobody waits for an answer to: notifications that are dropped, and the like. */
  readonly warn?: (message: string) => void
}

export type Spawner = {
  /** Never throws: what fails is told by `exited`, and not before this call has returned. */
  spawn(request: SpawnRequest, listeners: SpawnListeners): Child
  /** Rejects with PORT_IN_USE or SOCKET_UNAVAILABLE. */
  listen(spec: SocketSpec): Promise<SocketAddress>
  /** Closes our end of the socket; its path goes when it is still ours. Children keep what they have. */
  unlisten(name: string): void
  /** Calls once, at the first connection or datagram that nobody has taken. */
  watch(name: string, demanded: () => void): { readonly cancel: () => void }
  /** Held until the spawner ends. `pid` is the holder's supervisor, if it has left its number. */
  lock(path: string): Promise<{ readonly held: true } | { readonly held: false; readonly pid: number | undefined }>
  /** Who listens at a local address ("@NAME": abstract); undefined when nobody does, or so many ask that it cannot be known. */
  peer(address: string): Promise<{ readonly uid: number; readonly pid: number | undefined } | undefined>
  /** No child has a successor any more; resolves when the end of each that had one and has ended is told. */
  unfollow(): Promise<void>
  /** Lines for the service manager that has started us; nothing when there is none. */
  readonly tell: (state: readonly string[]) => void
  /** Resolves with the reason when the spawner is gone although nobody has closed it. */
  readonly lost: Promise<string>
  /** The spawner ends, its sockets are closed; children that still run get SIGTERM. */
  readonly close: () => void
}

export type SpawnRequest = {
  /**
   * Of the environment, LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES and NOTIFY_SOCKET are replaced or taken away; WATCHDOG_USEC
   * stays, with WATCHDOG_PID beside it, only together with a notify socket.
   */
  readonly run: RunSpec
  readonly stdin: 'null' | 'inherit' | { readonly socket: string }
  readonly stdout: 'pipe' | 'null' | 'inherit'
  readonly stderr: 'pipe' | 'null' | 'inherit'
  /** Made when it is missing; holds the FIFOs for the moment until both their ends are open. */
  readonly fifosDir: string
  /** Handed over at descriptor 3 and following, in this order. */
  readonly sockets: readonly string[]
  /** A path to make, at most 107 bytes, or "@NAME" in the abstract name space, which every user can reach. */
  readonly notifySocketPath: string | undefined
  /** The descriptor on which the child writes a line when it is ready; behind the sockets. */
  readonly readyFd: number | undefined
  /** What it has left in its group is killed with its end. Here, as nobody else can know that the number is still that of its group. */
  readonly background?: 'ends'
}

/** Open descriptors (O_RDONLY, O_NONBLOCK) that belong to whoever is given them. */
export type PipeFds = { readonly out?: number; readonly err?: number }

export type ChildUsage = { readonly userUs: number; readonly systemUs: number; readonly maxRssBytes: number }

export type SpawnListeners = {
  /** Before `spawned`, when a stream is piped. */
  readonly piped?: (pipes: PipeFds) => void
  readonly spawned?: (pid: number) => void
  /** Of a child that has named another main process, also after `exited`, until it is released. */
  readonly notified?: (message: NotifyMessage) => void
  readonly readyFd?: () => void
  /** The usage is zero when nothing has run. */
  readonly exited: (exit: ChildExit, usage: ChildUsage) => void
}

export type Child = {
  /** Also its process group and session. Undefined until the program runs. */
  readonly pid: number | undefined
  /** Nothing happens once it has ended; `session` includes the group. */
  signal(scope: SignalScope, signal: NodeJS.Signals): void
  /** No notification comes any more. Needed only where a child has named another process as the main one (MAINPID). */
  release(): void
  /**
   * The spawner starts another child by itself as soon as this one has ended and left nothing, unless it ended in one of these ways
   * or gets a signal through `signal` before. Instead of the one that was named before. Undefined when that cannot be.
   */
  follow(request: SpawnRequest, listeners: SpawnListeners, unless: readonly ExitMark[]): Successor | undefined
}

export type Successor = {
  readonly child: Child
  /** Known before the end of the other one is told. */
  readonly isStarted: boolean
  /** Its listeners are called, and not before this call has returned. */
  accept(): void
}

export type SignalScope = 'leader' | 'group' | 'session'

export const createSpawner = (options: SpawnerOptions): Spawner => {
  const lost = Promise.withResolvers<string>()
  const waiting = new Map<string, PromiseWithResolvers<SpawnerMessage>>()
  const watches = new Map<string, () => void>()
  const connection = createSpawnerConnection(options, {
    received: (message) => receive(message),
    lost(reason) {
      for (const answer of waiting.values()) answer.reject(spawnerLost(reason))
      waiting.clear()
      children.lose(reason)
      lost.resolve(reason)
    },
  })
  const children = createSpawnerChildren((message) => connection.send(message))
  const ask = (message: SpawnerMessage): Promise<SpawnerMessage> => {
    const answer = Promise.withResolvers<SpawnerMessage>()
    if (waiting.has(message.id)) throw new Error(`unreachable: "${message.id}" is being asked for already`)
    const problem = connection.send(message)
    if (problem === undefined) waiting.set(message.id, answer)
    else answer.reject(spawnerLost(problem.message))
    return answer.promise
  }
  const receive = (message: SpawnerMessage): void => {
    if (children.receive(message)) return
    const answer = waiting.get(message.id)
    if (answer !== undefined) {
      waiting.delete(message.id)
      answer.resolve(message)
    } else if (message.verb === 'demanded') {
      const demanded = watches.get(message.id)
      watches.delete(message.id)
      demanded?.()
    } else options.warn?.(`${children.describe(message.id)}${findField(message, 'text') ?? message.verb}`)
  }
  return {
    spawn: (request, listeners) => children.spawn(request, listeners),
    listen: (spec) => listenOn(spec, ask),
    unlisten(name) {
      watches.delete(name)
      connection.send({ verb: 'unlisten', id: name, fields: [] })
    },
    watch(name, demanded) {
      watches.set(name, demanded)
      connection.send({ verb: 'watch', id: name, fields: [] })
      return {
        cancel() {
          if (watches.get(name) !== demanded) return
          watches.delete(name)
          connection.send({ verb: 'unwatch', id: name, fields: [] })
        },
      }
    },
    lock: (path) => takeLock(path, ask),
    peer: (address) => askPeer(address, ask),
    async unfollow() {
      // With the spawner lost, there is none either.
      await ask({ verb: 'unfollow', id: `/unfollow/${(questions += 1)}`, fields: [] }).catch(() => undefined)
      children.forgetSuccessors()
    },
    tell: (state) => void connection.send({ verb: 'tell', id: '', fields: state.map((line) => `state=${line}`) }),
    lost: lost.promise,
    close: () => connection.close(),
  }
}

const spawnerLost = (reason: string): NixpackError => new NixpackError('SPAWNER_LOST', `cannot go on: the spawner is lost: ${reason}`)

let questions = 0

const askPeer = async (address: string, ask: Ask): ReturnType<Spawner['peer']> => {
  const answer = await ask({ verb: 'peer', id: `/peer/${(questions += 1)}`, fields: [`name=${address}`] })
  if (answer.verb !== 'peer') return undefined
  // In another process namespace it has no number here.
  return { uid: findNumber(answer, 'uid'), pid: findNumber(answer, 'pid') || undefined }
}

const takeLock = async (path: string, ask: Ask): ReturnType<Spawner['lock']> => {
  // No name of a socket begins like this.
  const answer = await ask({ verb: 'lock', id: `/lock/${(questions += 1)}`, fields: [`path=${path}`] })
  if (answer.verb === 'locked') return { held: true }
  const pid = findNumber(answer, 'pid')
  if (answer.verb === 'lock-held') return { held: false, pid: pid === 0 ? undefined : pid }
  throw renderLockFailure(path, answer)
}
