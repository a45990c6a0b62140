// One run of a task for one client: its lines go to that client, at the client's pace and without loss, and it ends
// when the client goes away.

import type { SupervisorControl } from '../contract/control-supervisor.ts'
import { NixpackError } from '../contract/errors.ts'
import { createWaiters } from '../log/room.ts'
import type { EventStream } from './event-stream.ts'

export type TaskRequest = { readonly task: string; readonly words: readonly string[] }

export const streamTask = (stream: EventStream, supervisor: SupervisorControl, { task, words }: TaskRequest): void => {
  const waiters = createWaiters()
  const run = supervisor.runTask(task, words, {
    spawned: (pid) => stream.send({ kind: 'spawned', data: { pid } }),
    lines: (source, lines) => stream.send({ kind: 'message', data: { stream: source, lines } }),
    room: { isFull: () => stream.isFull, whenRoom: waiters.add },
  })
  stream.onDrain(waiters.wake)
  stream.onClose(() => {
    run.cancel()
    waiters.wake()
  })
  run.status.then(
    (status) => {
      stream.send({ kind: 'exit', data: { status } })
      stream.end()
    },
    (error: unknown) => {
      const { code, message } = error instanceof NixpackError ? error : { code: 'CONTROL_REFUSED', message: String(error) }
      stream.send({ kind: 'failed', data: { code, message } })
      stream.end()
    },
  )
}
