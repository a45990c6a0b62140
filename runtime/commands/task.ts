// `run TASK [ARG...]`: in the running instance, which starts what the task depends on. Without one there is one for as
// long as the task takes; a task that depends on nothing needs none.

import { STREAMS } from '../contract/control-routes.ts'
import { ERRORS, NixpackError } from '../contract/errors.ts'
import type { ErrorCode } from '../contract/errors.ts'
import { renderSuggestion } from '../contract/nearest-name.ts'
import type { InstanceContext, Plan, RunSpec } from '../contract/process-spec.ts'
import { followControl } from '../control/client.ts'
import { combineRooms } from '../log/room.ts'
import type { Room } from '../log/room.ts'
import type { Command, CommandContext } from './context.ts'
import { runAlone } from './foreground.ts'
import { resolveTarget } from './target.ts'
import { bringUp } from './up.ts'

export const task: Command = async (context) => {
  try {
    return await runBeside(context)
  } catch (error) {
    const isNotRunning = error instanceof NixpackError && error.code === 'CONTROL_UNREACHABLE' && error.cause === undefined
    if (!isNotRunning) throw error
  }
  const [name = ''] = context.operands
  const declaration = Object.hasOwn(context.manifest.tasks, name) ? context.manifest.tasks[name] : undefined
  if (declaration === undefined) throw refuseTask(name, Object.keys(context.manifest.tasks))
  return Object.keys(declaration.dependsOn).length === 0
    ? runAlone(context, (_source, { plan }) => planTask(plan, context.operands))
    : runWithDependencies(context)
}

const runBeside = async (context: CommandContext): Promise<number> => {
  const [name = '', ...words] = context.operands
  const room = createRoom(context)
  for await (const { kind, data } of followControl(resolveTarget(context), STREAMS.runTask, { task: name, words })) {
    if (kind === 'exit') return data.status
    if (kind === 'failed') throw new NixpackError(readCode(data.code), data.message)
    if (kind !== 'message') continue
    writeLines(context, data.stream, data.lines)
    // Not reading any further is what slows the task down.
    if (room.isFull()) await new Promise<void>((resolve) => room.whenRoom(resolve))
  }
  throw new NixpackError('CONTROL_REFUSED', `cannot tell how task "${name}" ended: the bundle has ended`)
}

/** What the processes say goes to standard error: the output is the task's. */
const runWithDependencies = (context: CommandContext): Promise<number> => {
  const [name = '', ...words] = context.operands
  return bringUp({ ...context, operands: [], stdout: context.stderr }, (supervisor) => {
    const lines = (stream: 'out' | 'err', text: readonly string[]): void => writeLines(context, stream, text)
    const run = supervisor.runTask(name, words, { spawned: () => undefined, lines, room: createRoom(context) })
    return run.status
  })
}

const planTask = ({ tasks, sockets }: Plan, [name = '', ...words]: readonly string[]): RunSpec => {
  const context: InstanceContext = { index: 1, socketAddresses: new Map(sockets.map((socket) => [socket.name, socket.address])) }
  const planned = tasks.find((one) => one.name === name)?.planRun(context)
  if (planned === undefined) throw new Error(`unreachable: task "${name}" is declared`)
  return { ...planned, command: [...planned.command, ...words] }
}

const refuseTask = (name: string, known: readonly string[]): NixpackError =>
  new NixpackError('USAGE_INVALID', `cannot run "${name}": no such task${renderSuggestion(name, known)}`, {
    hint: known.length === 0 ? 'the manifest declares none' : `name one of: ${known.join(', ')}`,
  })

const readCode = (code: string): ErrorCode => (isErrorCode(code) ? code : 'CONTROL_REFUSED')

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code)

const writeLines = ({ stdout, stderr }: CommandContext, stream: 'out' | 'err', lines: readonly string[]): void => {
  const output = stream === 'out' ? stdout : stderr
  output.write(Buffer.from(`${lines.join('\n')}\n`), lines.length, { onSlow: 'block', dropped: () => undefined })
}

const createRoom = ({ stdout, stderr }: CommandContext): Room =>
  combineRooms([stdout, stderr].map((output) => ({ isFull: () => output.isFull('block'), whenRoom: output.whenRoom })))
