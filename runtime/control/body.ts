// The JSON body of a request, bounded. An empty body is an empty object.

import type { IncomingMessage } from 'node:http'
import { NixpackError } from '../contract/errors.ts'

const BODY_MAX_BYTES = 65_536

export const readBody = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of request) {
    if (!(chunk instanceof Uint8Array)) throw new Error('unreachable: no encoding is set')
    sizeBytes += chunk.length
    if (sizeBytes > BODY_MAX_BYTES) throw new NixpackError('CONTROL_REFUSED', `cannot read the request: more than ${BODY_MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks).toString('utf8')
  return text.trim() === '' ? {} : JSON.parse(text)
}
