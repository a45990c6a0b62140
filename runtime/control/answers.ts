// What each route does. Nothing here waits for anything but the supervisor's own promises: commands about one process
// are serialised there, and no command locks out another.

import { CONTROL_VERSION } from '../contract/control.ts'
import type { CommandResult } from '../contract/control.ts'
import type { ConfigurationControl, StopOptions, SupervisorControl } from '../contract/control-supervisor.ts'
import type { CommandReply, Reply, Request, RouteName, StreamName, StreamRequest } from '../contract/control-routes.ts'
import { NixpackError } from '../contract/errors.ts'
import { readPidNamespace } from '../supervisor/process-tree.ts'
import { parseSignalWord } from './signal-word.ts'
import type { LogHub } from '../log/log-hub.ts'
import type { EventStream } from './event-stream.ts'
import { streamLogs } from './log-stream.ts'
import { planOptionChange } from './option-names.ts'
import { describePlan, describeRun } from './plan-view.ts'
import { resolveProcess, resolveSelection } from './selection.ts'
import { readStats } from './stats.ts'
import { streamEvents } from './supervisor-events.ts'
import { streamTask } from './task-stream.ts'

export type AnswerOptions = {
  readonly name: string
  readonly instance: string
  readonly supervisor: SupervisorControl
  readonly configuration: ConfigurationControl
  readonly hub: LogHub
  readonly linesDropped: () => number
  /** Aborted when the bundle ends. */
  readonly end: AbortSignal
}

/** `gone` is aborted when there is nobody any more to hear the answer. */
export type Answers = { readonly [Name in RouteName]: (request: Request<Name>, gone: AbortSignal) => Promise<Reply<Name>> | Reply<Name> }
export type StreamAnswers = { readonly [Name in StreamName]: (request: StreamRequest<Name>) => (stream: EventStream) => void }

export const createAnswers = (options: AnswerOptions): Answers => {
  const { supervisor, configuration } = options
  const startedAtMs = performance.now()
  const answerCommand = createCommandAnswer()
  const select = (operands: readonly string[]): readonly string[] => resolveSelection(operands, supervisor.status())
  const selectOne = (operand: string): string => resolveProcess(operand, supervisor.status())
  return {
    status: () => ({
      version: CONTROL_VERSION,
      name: options.name,
      instance: options.instance,
      pid: process.pid,
      stopping: supervisor.isStopping,
      uptimeMs: Math.round(performance.now() - startedAtMs),
      linesDropped: options.linesDropped(),
      cursor: supervisor.events.cursor,
      processes: [...supervisor.status()],
    }),
    explain: (request) => supervisor.explain(selectOne(request.process)),
    stats: ({ processes, extended }) => readStats(supervisor, { processes: select(processes), extended }),
    sockets: () => [...supervisor.sockets()],
    plan: () => describePlan(supervisor.plan, configuration.mask),
    options: (request) => JSON.parse(JSON.stringify(configuration.declarationOf(selectOne(request.process)))),
    preview: async () => {
      const { change, files } = await configuration.preview()
      return { change, files: files.map((file) => ({ ...file })) }
    },
    execPlan: (request) => {
      const { run, programDirs, fifosDir } = configuration.planExec(request.process === undefined ? undefined : selectOne(request.process))
      return { run: describeRun(run), programDirs: [...programDirs], fifosDir }
    },
    start: ({ processes, wait }, gone) => answerCommand(supervisor.start(select(processes)), wait, gone),
    stop: ({ processes, wait, ...how }, gone) => answerCommand(supervisor.stop(select(processes), readStop(how)), wait, gone),
    restart: ({ processes, wait, ...how }, gone) => answerCommand(supervisor.restart(select(processes), readStop(how)), wait, gone),
    reload: ({ processes, wait, mode }, gone) => answerCommand(supervisor.reload(select(processes), mode), wait, gone),
    signal: ({ processes, signal, pid, ...whom }) => {
      const also = pid === undefined ? {} : { pid }
      return { pids: [...supervisor.signal(select(processes), parseSignalWord(signal), { ...whom, ...also })] }
    },
    scale: async ({ process: operand, numprocesses, by, wait }, gone) => {
      const name = selectOne(operand)
      const before = supervisor.status().find((status) => status.name === name)?.numprocesses ?? 0
      // One fewer than one is none: circus leaves a singleton alone.
      const isSingleton = supervisor.plan.processes.some((spec) => spec.name === name && spec.singleton)
      const reply = await answerCommand(supervisor.scale(name, numprocesses ?? Math.max(isSingleton ? before : 0, before + (by ?? 0))), wait, gone)
      return { ...reply, numprocesses: supervisor.status().find((status) => status.name === name)?.numprocesses ?? 0 }
    },
    add: async ({ name, declaration, start, wait }, gone) => {
      const taken = supervisor.status().find((status) => status.name.toLowerCase() === name.toLowerCase())
      if (taken !== undefined) throw new NixpackError('CONTROL_REFUSED', `cannot add "${name}": there is a process "${taken.name}"`)
      supervisor.add(configuration.planProcess(name, declaration))
      return answerCommand(start ? supervisor.start([name]) : Promise.resolve(NOTHING), wait, gone)
    },
    remove: async ({ processes, keepRunning, wait }, gone) => {
      if (processes.length === 0) throw new NixpackError('CONTROL_REFUSED', 'cannot remove: no process is named')
      const names = select(processes)
      const known = new Set(supervisor.status().map(({ name }) => name))
      const instance = names.find((name) => !known.has(name))
      if (instance !== undefined) {
        throw new NixpackError('CONTROL_REFUSED', `cannot remove "${instance}": it is an instance, and only whole processes are declared`, {
          hint: 'use "decr"',
        })
      }
      return answerCommand(Promise.all(names.map((name) => supervisor.remove(name, { keepRunning }))).then(joinResults), wait, gone)
    },
    set: ({ process: operand, options: wanted, wait }, gone) => {
      const name = selectOne(operand)
      const { declaration, parts, numprocesses, restarts } = planOptionChange(wanted)
      const changes = [
        ...(Object.keys(declaration).length + parts.length === 0 ? [] : [supervisor.update(configuration.planProcess(name, declaration, parts), { restarts })]),
        ...(numprocesses === undefined ? [] : [supervisor.scale(name, numprocesses)]),
      ]
      return answerCommand(Promise.all(changes).then(joinResults), wait, gone)
    },
    applyConfig: () => configuration.reload(),
    reopenLogs: () => {
      supervisor.reopenLogs()
      return { pid: process.pid }
    },
    down: () => {
      // Told again it would kill; a second client only wants to wait as well. The reply goes first.
      if (!supervisor.isStopping) setImmediate(() => supervisor.down('told by the command "down"'))
      return { pid: process.pid, pidNamespace: readPidNamespace() }
    },
  }
}

/** Names are resolved before the first byte of an answer: a refusal is a reply, not an event. */
export const createStreamAnswers = ({ supervisor, hub, end }: AnswerOptions): StreamAnswers => {
  const select = (operands: readonly string[]): readonly string[] => resolveSelection(operands, supervisor.status())
  return {
    logs: ({ processes, follow, lines, since }) => {
      const names = processes.length === 0 ? undefined : new Set(select(processes))
      return (stream) => streamLogs(stream, hub, { names, follow, lines, after: since, end })
    },
    events: ({ processes, since, follow }) => {
      const selected = select(processes)
      return (stream) => streamEvents(stream, supervisor.events, { processes: selected, since, follow, end })
    },
    runTask: ({ task, words }) => {
      const known = supervisor.plan.tasks.map(({ name }) => name)
      if (!known.includes(task)) {
        throw new NixpackError('CONTROL_REFUSED', `cannot run "${task}": no such task`, { hint: `name one of: ${known.join(', ')}` })
      }
      return (stream) => streamTask(stream, supervisor, { task, words })
    },
  }
}

const NOTHING: CommandResult = { started: [], kept: [], stopped: [], failed: [] }

/** Each holds a connection, of which there are only so many: who asks for something else must find one, above all `down`. */
const WAITING_MAX = 128

const createCommandAnswer = () => {
  /** A connection each: whose client has gone away has none. */
  const waiting = new Set<AbortSignal>()
  const waitFor = async (command: Promise<CommandResult>, gone: AbortSignal): Promise<CommandReply> => {
    const leave = (): void => void waiting.delete(gone)
    waiting.add(gone)
    gone.addEventListener('abort', leave)
    if (gone.aborted) leave()
    try {
      return { pid: process.pid, done: true, ...(await command) }
    } finally {
      leave()
    }
  }
  return async (command: Promise<CommandResult>, wait: boolean, gone: AbortSignal): Promise<CommandReply> => {
    if (wait && waiting.size < WAITING_MAX) return waitFor(command, gone)
    // A refusal comes at once, and is heard. Otherwise what it comes to is in `status` and `events`, also when it fails.
    const early = await Promise.race([command, Promise.resolve(undefined)])
    command.catch(() => undefined)
    if (!wait || early !== undefined) return { pid: process.pid, done: early !== undefined, ...(early ?? NOTHING) }
    throw new NixpackError('CONTROL_REFUSED', `cannot wait for the command, which has begun: ${waiting.size} others are waiting already`, {
      hint: 'see in "status" and "events" what it comes to',
    })
  }
}

const joinResults = (results: readonly CommandResult[]): CommandResult => ({
  started: results.flatMap(({ started }) => started),
  kept: results.flatMap(({ kept }) => kept),
  stopped: results.flatMap(({ stopped }) => stopped),
  failed: results.flatMap(({ failed }) => failed),
})

const readStop = ({ signal, gracefulTimeoutMs }: { signal?: string | undefined; gracefulTimeoutMs?: number | undefined }): StopOptions => ({
  ...(signal === undefined ? {} : { signal: parseSignalWord(signal) }),
  ...(gracefulTimeoutMs === undefined ? {} : { gracefulTimeoutMs }),
})
