// The dynamic linker and the libraries that the pinned Node needs, as this machine has them.
import { realpath } from 'node:fs/promises'

import { NixpackError } from '../../runtime/contract/errors.ts'
import { findTool } from '../lib/find-tool.ts'
import { run } from '../lib/run.ts'

/** `name` is what the program asks for (its soname), `path` the file that this machine gives it. */
export type Library = { readonly name: string; readonly path: string }

const RESOLVED = /^\s*(?:(\S+) => )?(\/\S+) \(0x/
const MISSING = /^\s*(\S+) => not found/

/** Libraries of the program, its dynamic linker included, sorted by name. Throws RUNTIME_MISSING naming one that is not installed. */
export const findLibraries = async (programPath: string): Promise<readonly Library[]> => {
  const { stdout, stderr, failed } = await run(await findTool('ldd'), [programPath])
  const lines = stdout.split('\n')
  const missing = lines.map((line) => MISSING.exec(line)?.[1]).find((name) => name !== undefined)
  if (failed || missing !== undefined) {
    throw new NixpackError('RUNTIME_MISSING', `cannot collect the libraries of "${programPath}": ${missing ?? stderr} is not installed`, {
      hint: 'install it (on Debian: apt-get install libc6 libstdc++6 libgcc-s1 libatomic1)',
    })
  }
  const found = lines.flatMap((line) => {
    const [, soname, path] = RESOLVED.exec(line) ?? []
    return path === undefined ? [] : [{ name: (soname ?? path).slice((soname ?? path).lastIndexOf('/') + 1), path }]
  })
  const libraries = await Promise.all(found.map(async ({ name, path }) => ({ name, path: await realpath(path) })))
  return libraries.sort((left, right) => (left.name < right.name ? -1 : 1))
}
