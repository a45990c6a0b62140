// A client of the control socket that takes nothing from ours: plain HTTP, as any program would speak it.
import { request } from 'node:http'
import type { IncomingMessage, RequestOptions } from 'node:http'

export type Answer = { readonly status: number | undefined; readonly text: string; readonly json: () => ReturnType<typeof JSON.parse> }

export const send = async (socketPath: string, options: RequestOptions, body?: string): Promise<Answer> => {
  const response = await open(socketPath, options, body)
  const text = (await response.setEncoding('utf8').toArray()).join('')
  return { status: response.statusCode, text, json: () => JSON.parse(text) }
}

export const open = (socketPath: string, options: RequestOptions, body?: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, ...options }, resolve).on('error', reject)
    outgoing.end(body)
  })
