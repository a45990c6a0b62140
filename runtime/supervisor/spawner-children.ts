// The children of the spawner, each with its listeners, until its last event.

import { closeSync, constants as fileConstants, mkdirSync, openSync } from 'node:fs'
import { constants } from 'node:os'
import type { ExitMark } from '../contract/process-spec.ts'
import { NO_USAGE, parseExit, parseFailure, parseUsage } from './spawner-exit.ts'
import { findField, findNumber, selectFields } from './spawner-frame.ts'
import type { SpawnerMessage } from './spawner-frame.ts'
import { parseNotifyFields } from './spawner-notify.ts'
import { planSpawnFields, planSuccessorFields } from './spawner-request.ts'
import type { Child, ChildUsage, PipeFds, SignalScope, SpawnListeners, SpawnRequest, Successor } from './spawner.ts'
import type { ChildExit } from './state.ts'

export type SpawnerChildren = {
  spawn(request: SpawnRequest, listeners: SpawnListeners): Child
  /** False when the message is not about a child. */
  receive(message: SpawnerMessage): boolean
  /** No successor is started any more. */
  forgetSuccessors(): void
  /** What a message about it begins with; empty for what is no child. */
  describe(id: string): string
  /** The kernel sends SIGTERM to those that run. */
  lose(reason: string): void
}

type Record = {
  readonly id: string
  readonly request: SpawnRequest
  readonly listeners: SpawnListeners
  readonly fifoDir: string
  pid: number | undefined
  failure: ChildExit | undefined
  /** Another process is the main one: the notify socket outlives the child. */
  hasHandedOver: boolean
  hasEnded: boolean
  /** Of a successor: what has happened to it before it was accepted. */
  held: SpawnerMessage[] | undefined
  isStarted: boolean
}

type Send = (message: SpawnerMessage) => Error | undefined

export const createSpawnerChildren = (send: Send): SpawnerChildren => {
  const records = new Map<string, Record>()
  let count = 0
  const release = ({ id }: Record): void => {
    if (records.delete(id)) send({ verb: 'release', id, fields: [] })
  }
  const finish = (record: Record, exit: ChildExit, usage: ChildUsage): void => {
    if (record.hasEnded) return
    record.hasEnded = true
    if (!record.hasHandedOver) release(record)
    record.listeners.exited(record.failure ?? exit, usage)
  }
  const createRecord = (request: SpawnRequest, listeners: SpawnListeners): Record => {
    const id = String((count += 1))
    return {
      id,
      request,
      listeners,
      fifoDir: `${request.fifosDir}/p${id}`,
      pid: undefined,
      failure: undefined,
      hasHandedOver: false,
      hasEnded: false,
      held: undefined,
      isStarted: false,
    }
  }
  const createChild = (record: Record): Child => ({
    get pid() {
      return record.pid
    },
    signal(scope, signal) {
      if (!record.hasEnded) send(planSignal(record.id, scope, signal))
    },
    release() {
      record.hasHandedOver = false
      if (record.hasEnded) release(record)
    },
    follow: (request, listeners, unless) => follow(record, createRecord(request, listeners), unless),
  })
  const spawn = (request: SpawnRequest, listeners: SpawnListeners): Child => {
    const record = createRecord(request, listeners)
    const { id, fifoDir } = record
    records.set(id, record)
    const problem = makeFifosDir(request) ?? send({ verb: 'spawn', id, fields: planSpawnFields(request, fifoDir) })
    if (problem !== undefined) setImmediate(finish, record, spawnFailed(`cannot run "${programOf(request)}": ${problem.message}`), NO_USAGE)
    return createChild(record)
  }
  const follow = (before: Record, record: Record, unless: readonly ExitMark[]): Successor | undefined => {
    const { id, request, fifoDir } = record
    if (before.hasEnded || makeFifosDir(request) !== undefined) return undefined
    const problem = send({ verb: 'follow', id: before.id, fields: planSuccessorFields({ id, unless }, planSpawnFields(request, fifoDir)) })
    if (problem !== undefined) return undefined
    records.set(id, record)
    record.held = []
    return {
      child: createChild(record),
      get isStarted() {
        return record.isStarted
      },
      accept: () => void setImmediate(acceptHeld, record),
    }
  }
  const acceptHeld = (record: Record): void => {
    const messages = record.held ?? []
    record.held = undefined
    for (const message of messages) receivers[message.verb]?.(message, record)
  }
  const hold = (message: SpawnerMessage, record: Record, held: SpawnerMessage[]): void => {
    held.push(message)
    // It has not come into being: whoever starts it in the usual way learns why.
    if (message.verb === 'failed' && held.length === 1) record.isStarted = !records.delete(record.id)
  }
  const receivePiped = (id: string, record: Record): void => {
    const pipes = openFifos(record)
    send({ verb: 'opened', id, fields: [] })
    if (!(pipes instanceof Error)) return givePipes(record, pipes)
    record.failure = spawnFailed(`cannot read the output of "${programOf(record.request)}": ${pipes.message}`)
    send(planSignal(id, 'session', 'SIGKILL'))
  }
  const receivers: Readonly<{ [verb: string]: (message: SpawnerMessage, record: Record) => void }> = {
    piped: ({ id }, record) => receivePiped(id, record),
    spawned(message, record) {
      if (record.failure !== undefined) return
      record.pid = findNumber(message, 'pid')
      record.listeners.spawned?.(record.pid)
    },
    notified(message, record) {
      const notice = parseNotifyFields(findNumber(message, 'pid'), selectFields(message, 'field'))
      if (notice.mainPid !== undefined && !record.hasEnded) record.hasHandedOver = notice.mainPid !== record.pid
      record.listeners.notified?.(notice)
    },
    'ready-fd': (_, { listeners }) => listeners.readyFd?.(),
    failed: (message, record) =>
      finish(record, parseFailure(message, { program: programOf(record.request), workingDir: record.request.run.workingDir }), NO_USAGE),
    exited(message, record) {
      const next = findField(message, 'next')
      const successor = next === undefined ? undefined : records.get(next)
      if (successor !== undefined) successor.isStarted = true
      finish(record, parseExit(message), parseUsage(message))
    },
  }
  return {
    spawn,
    receive(message) {
      const receiver = receivers[message.verb]
      const record = records.get(message.id)
      if (receiver !== undefined && record?.held !== undefined) hold(message, record, record.held)
      else if (receiver !== undefined && record !== undefined) receiver(message, record)
      return receiver !== undefined
    },
    forgetSuccessors() {
      for (const { id, held, isStarted } of records.values()) if (held !== undefined && !isStarted) records.delete(id)
    },
    describe(id) {
      const record = records.get(id)
      return record === undefined ? '' : `"${programOf(record.request)}": `
    },
    lose(reason) {
      // Those that are spawned meanwhile learn it by themselves.
      const known = [...records.values()]
      for (const record of known) {
        const never = spawnFailed(`cannot run "${programOf(record.request)}": the spawner is lost: ${reason}`)
        if (record.held === undefined) finish(record, record.pid === undefined ? never : { kind: 'signal', signal: 'SIGTERM' }, NO_USAGE)
        // Told when it is accepted.
        else record.held.push({ verb: 'exited', id: record.id, fields: [`signal=${constants.signals.SIGTERM}`] })
      }
    },
  }
}

const programOf = ({ run }: SpawnRequest): string => run.program ?? run.command[0] ?? ''

const spawnFailed = (message: string): ChildExit => ({ kind: 'spawnFailed', status: 125, message })

const planSignal = (id: string, scope: SignalScope, signal: NodeJS.Signals): SpawnerMessage => ({
  verb: 'signal',
  id,
  fields: [`scope=${scope}`, `signo=${constants.signals[signal]}`],
})

const isPiped = ({ stdout, stderr }: SpawnRequest): boolean => stdout === 'pipe' || stderr === 'pipe'

const attempt = <Result>(action: () => Result): Result | Error => {
  try {
    return action()
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

const makeFifosDir = (request: SpawnRequest): Error | undefined => {
  const made = isPiped(request) ? attempt(() => mkdirSync(request.fifosDir, { recursive: true, mode: 0o700 })) : undefined
  return made instanceof Error ? made : undefined
}

/** The spawner holds the other ends, so that nothing waits. */
const openFifos = ({ request, fifoDir }: Record): PipeFds | Error => {
  const out = request.stdout === 'pipe' ? attempt(() => openReader(`${fifoDir}/out`)) : undefined
  if (out instanceof Error) return out
  const err = request.stderr === 'pipe' ? attempt(() => openReader(`${fifoDir}/err`)) : undefined
  if (err instanceof Error && out !== undefined) closeSync(out)
  if (err instanceof Error) return err
  return { ...(out !== undefined && { out }), ...(err !== undefined && { err }) }
}

const openReader = (fifoPath: string): number => openSync(fifoPath, fileConstants.O_RDONLY | fileConstants.O_NONBLOCK)

const givePipes = ({ listeners }: Record, pipes: PipeFds): void => {
  if (listeners.piped !== undefined) return listeners.piped(pipes)
  for (const fd of [pipes.out, pipes.err]) if (fd !== undefined) closeSync(fd)
}
