// Which kind of bundle an entrypoint makes, and which program a plain one starts.
import { access, constants, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { MANIFEST_PATH, parseManifest } from '../../runtime/contract/manifest.ts'
import { NixpackError } from '../../runtime/contract/errors.ts'
import { isErrno } from '../lib/errno.ts'
import type { Entrypoint } from './resolve.ts'
import { nameOf, STORE_DIR } from './store-path.ts'

/** `program` is relative to the entrypoint's store path; empty for the store path itself and for a composed bundle. */
export type BundleKind = { readonly composed: boolean; readonly name: string; readonly program: string }

/** Looks into the built entrypoint. Throws MANIFEST_INVALID, ENTRYPOINT_NOT_FOUND, ENTRYPOINT_NOT_EXECUTABLE. */
export const inspectEntrypoint = async (entrypoint: Entrypoint, programOption: string | undefined): Promise<BundleKind> => {
  const root = join(STORE_DIR, entrypoint.baseName)
  const asked = programOption ?? entrypoint.program
  const manifest = asked === undefined ? await readManifest(root) : undefined
  if (manifest !== undefined) return { composed: true, name: manifest.name, program: '' }
  if (asked !== undefined) assertInside(asked)
  const program = asked ?? (await findProgram(root, entrypoint))
  await assertExecutable(join(root, program))
  return { composed: false, name: program === '' ? nameOf(entrypoint.baseName) : program.slice(program.lastIndexOf('/') + 1), program }
}

/** The launcher runs nothing outside of the entrypoint, and takes a path literally. */
const assertInside = (program: string): void => {
  if (program.split('/').every((part) => part !== '' && part !== '.' && part !== '..')) return
  throw new NixpackError('USAGE_INVALID', `cannot use program "${program}": it is not a plain path below the store path`, {
    hint: 'give one such as bin/NAME with --program',
  })
}

const readManifest = async (root: string): Promise<{ readonly name: string } | undefined> => {
  const path = join(root, MANIFEST_PATH)
  try {
    return parseManifest(await readFile(path, 'utf8'), path)
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

const findProgram = async (root: string, entrypoint: Entrypoint): Promise<string> => {
  if ((await stat(root)).isFile()) return ''
  const programs = await readdir(join(root, 'bin')).catch((error: unknown): string[] => {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  })
  const candidates = [entrypoint.mainProgram, nameOf(entrypoint.baseName).replace(/-\d.*$/, ''), programs.length === 1 ? programs[0] : undefined]
  const found = candidates.find((name) => name !== undefined && programs.includes(name))
  if (found !== undefined) return `bin/${found}`
  throw new NixpackError(
    'ENTRYPOINT_NOT_FOUND',
    `cannot find the main program of "${root}": ${programs.length === 0 ? 'it has no bin directory' : 'several programs, and none has its name'}`,
    {
      hint: programs.length === 0 ? 'name another derivation' : `choose with --program bin/NAME: ${programs.slice(0, 12).join(', ')}`,
    },
  )
}

const assertExecutable = async (path: string): Promise<void> => {
  const stats = await stat(path).catch((cause: unknown) => {
    throw new NixpackError('ENTRYPOINT_NOT_FOUND', `cannot find program "${path}"`, { cause, hint: 'name an existing one with --program' })
  })
  const executable = await access(path, constants.X_OK).then(
    () => stats.isFile(),
    () => false,
  )
  if (!executable)
    throw new NixpackError('ENTRYPOINT_NOT_EXECUTABLE', `cannot bundle "${path}": it is not an executable file`, { hint: 'name a program with --program' })
}
