// The JSON body of a request, bounded in size and depth. An empty body is an empty object.

import type { IncomingMessage } from 'node:http'
import { NixpackError } from '../contract/errors.ts'
import { findUnusableKeys, renderUnusable } from '../contract/unusable-keys.ts'

const BODY_MAX_BYTES = 65_536
/** No request is half as deep, and whoever reads it further calls itself for each level. */
const DEPTH_MAX = 64

export const readBody = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of request) {
    if (!(chunk instanceof Uint8Array)) throw new Error('unreachable: no encoding is set')
    sizeBytes += chunk.length
    if (sizeBytes > BODY_MAX_BYTES) throw refuse(`more than ${BODY_MAX_BYTES} bytes`, 'ask for less at once, or declare it in the manifest')
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks).toString('utf8')
  return text.trim() === '' ? {} : checkBody(JSON.parse(text))
}

const checkBody = (body: unknown): unknown => {
  if (isDeeper(body, DEPTH_MAX)) throw refuse(`more than ${DEPTH_MAX} levels`, 'send what docs/openapi.json describes')
  const [unusable] = findUnusableKeys(body)
  if (unusable !== undefined) throw refuse(renderUnusable(unusable), 'choose another name')
  return body
}

const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' && value !== null && (levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1)))

const refuse = (reason: string, hint: string): NixpackError => new NixpackError('CONTROL_REFUSED', `cannot read the request: ${reason}`, { hint })
