// A store path -> everything it needs, with the hashes that Nix keeps.
import { z } from 'zod'

import { NixpackError } from '../../runtime/contract/errors.ts'
import { nixJson } from './nix-command.ts'
import { parseSha256, splitStorePath, STORE_DIR } from './store-path.ts'

export type ClosurePath = { readonly baseName: string; readonly narHash: Buffer }

const infoSchema = z.object({ narHash: z.string() })
/** Nix up to 2.18 prints an array, later releases an object keyed by path, with null for a path that is not valid. */
const answerSchema = z.union([z.array(infoSchema.extend({ path: z.string() })), z.record(z.string(), infoSchema.nullable())])

/** The closure of one store path, itself included. Throws ENTRYPOINT_NOT_FOUND when the path is not in the store. */
export const readClosure = async (baseName: string): Promise<readonly ClosurePath[]> => {
  const path = `${STORE_DIR}/${baseName}`
  const answer = answerSchema.parse(await nixJson({ purpose: `read the closure of "${path}"`, args: ['path-info', '--recursive', '--json', path] }))
  const infos = Array.isArray(answer) ? answer : Object.entries(answer).map(([key, info]) => ({ path: key, narHash: info?.narHash ?? '' }))
  return infos.map((info) => {
    const stored = splitStorePath(info.path) ?? splitStorePath(`${STORE_DIR}/${info.path}`)
    if (stored === undefined || info.narHash === '') {
      throw new NixpackError('ENTRYPOINT_NOT_FOUND', `cannot read the closure of "${path}": "${info.path}" is not in the store`, {
        hint: 'build or copy it first',
      })
    }
    return { baseName: stored.baseName, narHash: parseSha256(info.narHash) }
  })
}
