// The children of the spawner, each with its listeners, until its last event.

import { closeSync, constants as fileConstants, mkdirSync, openSync } from 'node:fs'
import { constants } from 'node:os'
import { NO_USAGE, parseExit, parseFailure, parseUsage } from './spawner-exit.ts'
import { findNumber, selectFields } from './spawner-frame.ts'
import type { SpawnerMessage } from './spawner-frame.ts'
import { parseNotifyFields } from './spawner-notify.ts'
import { planSpawnFields } from './spawner-request.ts'
import type { Child, ChildUsage, PipeFds, SpawnListeners, SpawnRequest } from './spawner.ts'
import type { ChildExit } from './state.ts'

export type SpawnerChildren = {
  spawn(request: SpawnRequest, listeners: SpawnListeners): Child
  /** False when the message is not about a child. */
  receive(message: SpawnerMessage): boolean
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
  const spawn = (request: SpawnRequest, listeners: SpawnListeners): Child => {
    const id = String((count += 1))
    const record: Record = {
      id,
      request,
      listeners,
      fifoDir: `${request.fifosDir}/p${id}`,
      pid: undefined,
      failure: undefined,
      hasHandedOver: false,
      hasEnded: false,
    }
    records.set(id, record)
    const problem = makeFifosDir(request) ?? send({ verb: 'spawn', id, fields: planSpawnFields(request, record.fifoDir) })
    if (problem !== undefined) setImmediate(finish, record, spawnFailed(`cannot run "${programOf(request)}": ${problem.message}`), NO_USAGE)
    return {
      get pid() {
        return record.pid
      },
      signal(scope, signal) {
        if (!record.hasEnded) send({ verb: 'signal', id, fields: [`scope=${scope}`, `signo=${constants.signals[signal]}`] })
      },
      release() {
        record.hasHandedOver = false
        if (record.hasEnded) release(record)
      },
    }
  }
  const receivePiped = (id: string, record: Record): void => {
    const pipes = openFifos(record)
    send({ verb: 'opened', id, fields: [] })
    if (!(pipes instanceof Error)) return givePipes(record, pipes)
    record.failure = spawnFailed(`cannot read the output of "${programOf(record.request)}": ${pipes.message}`)
    send({ verb: 'signal', id, fields: ['scope=session', `signo=${constants.signals.SIGKILL}`] })
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
    exited: (message, record) => finish(record, parseExit(message), parseUsage(message)),
  }
  return {
    spawn,
    receive(message) {
      const receiver = receivers[message.verb]
      const record = records.get(message.id)
      if (receiver !== undefined && record !== undefined) receiver(message, record)
      return receiver !== undefined
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
        finish(record, record.pid === undefined ? never : { kind: 'signal', signal: 'SIGTERM' }, NO_USAGE)
      }
    },
  }
}

const programOf = ({ run }: SpawnRequest): string => run.program ?? run.command[0] ?? ''

const spawnFailed = (message: string): ChildExit => ({ kind: 'spawnFailed', status: 125, message })

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
