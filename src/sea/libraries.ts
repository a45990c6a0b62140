// The dynamic linker and the libraries that a Node needs, as its own dynamic linker finds them.
import { realpath } from 'node:fs/promises'
import { join } from 'node:path'

import { NixpackError } from '../../runtime/contract/errors.ts'
import { findTool } from '../lib/find-tool.ts'
import { run } from '../lib/run.ts'
import { nodeCommand } from './target.ts'
import type { Target } from './target.ts'

/** `name` is what the program asks for (its soname), `path` the file that this machine gives it. */
export type Library = { readonly name: string; readonly path: string }

const RESOLVED = /^\s*(?:(\S+) => )?(\/\S+) \(0x/
const MISSING = /^\s*(\S+) => not found/

/** Libraries of the target's Node, its dynamic linker included, sorted by name. Throws RUNTIME_MISSING naming one that is not installed. */
export const findLibraries = async (target: Target): Promise<readonly Library[]> => {
  const { stdout, stderr, failed } = await trace(target)
  const lines = stdout.split('\n')
  const missing = lines.map((line) => MISSING.exec(line)?.[1]).find((name) => name !== undefined)
  if (failed || missing !== undefined) {
    throw new NixpackError('RUNTIME_MISSING', `cannot collect the libraries of "${target.nodePath}": ${missing ?? stderr} is not installed`, {
      hint: 'install it (on Debian: apt-get install libc6 libstdc++6 libgcc-s1 libatomic1)',
    })
  }
  const found = lines.flatMap((line) => {
    const [, soname, path] = RESOLVED.exec(line) ?? []
    return path === undefined ? [] : [{ name: (soname ?? path).slice((soname ?? path).lastIndexOf('/') + 1), path }]
  })
  const libraries = await Promise.all(found.map(async ({ name, path }) => ({ name, path: await realpath(join(target.libraryRoot ?? '/', path)) })))
  return libraries.sort((left, right) => (left.name < right.name ? -1 : 1))
}

/** ldd asks the dynamic linker with this variable, too, but only where the kernel can start it. */
const trace = async (target: Target) => {
  if (target.libraryRoot === undefined) return run(await findTool('ldd'), [target.nodePath])
  const [emulator, ...args] = await nodeCommand(target, [], ['LD_TRACE_LOADED_OBJECTS=1'])
  return run(emulator, args)
}
