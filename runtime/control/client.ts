// The other end of the control socket, for our own commands.

import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { RunPaths } from '../contract/directories.ts'
import { NixpackError } from '../contract/errors.ts'

export type ControlTarget = {
  readonly bundle: string
  readonly instance: string
  /** One per place where a run directory may be, best first. */
  readonly paths: readonly RunPaths[]
}

export type ControlCall = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: unknown
}

/** The response of the first socket that answers; throws CONTROL_UNREACHABLE when none does. */
export const openControl = async (target: ControlTarget, call: ControlCall): Promise<IncomingMessage> => {
  for (const { controlSocketPath } of target.paths) {
    const response = await send(controlSocketPath, call)
    if (response !== undefined) return response
  }
  throw new NixpackError('CONTROL_UNREACHABLE', `cannot reach "${target.bundle}": instance "${target.instance}" is not running`, {
    hint: 'start it with the command "up", or name another one with --instance NAME',
  })
}

/** The whole reply as JSON, not yet checked against its schema. */
export const callControl = async (target: ControlTarget, call: ControlCall): Promise<unknown> => {
  const response = await openControl(target, call)
  return JSON.parse(await readText(response))
}

/** The error that the server replied, for this side to throw. */
export const createRefusal = ({ message, hint }: { message: string; hint?: string | undefined }): NixpackError =>
  new NixpackError('CONTROL_REFUSED', message, hint === undefined ? {} : { hint })

/** Undefined when nobody listens there: only these two errors prove that. */
const send = (socketPath: string, { method, path, body }: ControlCall): Promise<IncomingMessage | undefined> =>
  new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path, headers: { connection: 'close' } }, resolve)
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined)
      else reject(new NixpackError('CONTROL_UNREACHABLE', `cannot use control socket "${socketPath}"`, { cause: error }))
    })
    outgoing.setTimeout(REPLY_TIMEOUT_MS, () => outgoing.destroy(new Error('no answer')))
    outgoing.on('response', () => outgoing.setTimeout(0))
    outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  })

const REPLY_TIMEOUT_MS = 10_000

const readText = async (response: IncomingMessage): Promise<string> => {
  response.setEncoding('utf8')
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return text
}
