// REF -> a built store path and what is known about it.
import { existsSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'

import { NixpackError } from '../../runtime/contract/errors.ts'
import { nixJson } from './nix-command.ts'
import { parseReference } from './reference.ts'
import type { Reference } from './reference.ts'
import { splitStorePath, STORE_DIR } from './store-path.ts'

/** The entrypoint: base name of its store path, and what its derivation says about it. */
export type Entrypoint = {
  readonly baseName: string
  /** Program the user asked for, relative to the store path. */
  readonly program: string | undefined
  /** `meta.mainProgram` of the derivation. */
  readonly mainProgram: string | undefined
  /** System of the derivation, unknown for a bare store path. */
  readonly system: string | undefined
}

type BuiltReference = Exclude<Reference, { kind: 'store-path' }>

/** Builds REF and returns its store path. Throws TOOL_MISSING, NIX_FAILED, ENTRYPOINT_NOT_FOUND. */
export const resolveEntrypoint = async (text: string, verbose: boolean): Promise<Entrypoint> => {
  const reference = parseReference(throughLink(text), (dir) => existsSync(join(dir, 'default.nix')) && !existsSync(join(dir, 'flake.nix')))
  if (reference.kind === 'store-path') return { baseName: reference.baseName, program: reference.program, mainProgram: undefined, system: undefined }
  if (reference.kind === 'file') assertFile(reference.path)
  const { mainProgram, system } = await describe(reference, text)
  const built = await nixJson({ purpose: `build "${text}"`, args: ['build', '--no-link', '--json', ...installable(reference)], verbose })
  return { baseName: mainOutput(built, text), program: undefined, mainProgram: mainProgram ?? undefined, system: system ?? undefined }
}

/** `./result` and other links into the store mean what they point to. */
const throughLink = (text: string): string => {
  const target = existsSync(text) ? realpathSync(text) : text
  return splitStorePath(target) === undefined ? text : target
}

const assertFile = (path: string): void => {
  if (existsSync(path)) return
  throw new NixpackError('ENTRYPOINT_NOT_FOUND', `cannot read "${path}": there is no such file`, {
    hint: 'give FILE.nix#ATTRIBUTE, a flake reference or a store path',
  })
}

const mainOutput = (built: unknown, text: string): string => {
  const outputs = builtSchema.parse(built)[0]?.outputs ?? {}
  const stored = splitStorePath(outputs['bin'] ?? outputs['out'] ?? Object.values(outputs)[0] ?? '')
  if (stored !== undefined) return stored.baseName
  throw new NixpackError('ENTRYPOINT_NOT_FOUND', `cannot build "${text}": it has no output in ${STORE_DIR}`, { hint: 'name a derivation' })
}

const builtSchema = z.array(z.object({ outputs: z.record(z.string(), z.string()) }))
const descriptionSchema = z.object({ attributes: z.array(z.string()).nullable(), mainProgram: z.string().nullable(), system: z.string().nullable() })

/** One evaluation that tells a derivation from a set of attributes, so that the message can list these. */
const DESCRIBE = `value: let
  drv = if builtins.isFunction value then value {} else value;
  isDrv = builtins.isAttrs drv && (drv.type or "") == "derivation";
in {
  attributes = if isDrv then null else if builtins.isAttrs drv then builtins.attrNames drv else [ ];
  mainProgram = if isDrv then drv.meta.mainProgram or null else null;
  system = if isDrv then drv.system or null else null;
}`

const describe = async (reference: BuiltReference, text: string): Promise<z.infer<typeof descriptionSchema>> => {
  const answer = await nixJson({ purpose: `evaluate "${text}"`, args: ['eval', '--json', ...installable(reference), '--apply', DESCRIBE] })
  const description = descriptionSchema.parse(answer)
  if (description.attributes === null) return description
  throw new NixpackError('ENTRYPOINT_NOT_FOUND', `cannot bundle "${text}": it is not a derivation`, {
    hint: description.attributes.length === 0 ? 'name a derivation' : `name one of its attributes behind a #: ${description.attributes.join(', ')}`,
  })
}

const installable = (reference: BuiltReference): readonly string[] => {
  if (reference.kind === 'flake') return [reference.reference]
  return ['--impure', '--file', resolve(reference.path), ...(reference.attribute === '' ? [] : [reference.attribute])]
}
