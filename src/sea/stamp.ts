// What a runtime was made from. Its sources are compared whenever a composed bundle is made; the rest (Node, its libraries,
// the launcher) is not asked for again, it only tells `nixpack prepare` whether there is anything to do.
import { createHash } from 'node:crypto'
import { createReadStream, readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'

import { isErrno } from '../lib/errno.ts'

const stampSchema = z.strictObject({ version: z.string(), sources: z.string(), parts: z.string() })
export type Stamp = Readonly<z.infer<typeof stampSchema>>

/** Everything below `rootDir` that decides about the bytes of a runtime; package.json pins Node, esbuild, postject and zod, tsconfig.json
 * is read by esbuild. */
const sourcesOf = (rootDir: string): readonly string[] => [
  'package.json',
  'tsconfig.json',
  ...['runtime', 'src/sea'].flatMap((dir) =>
    readdirSync(join(rootDir, dir), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.(ts|c|h)$|^launcher\/Makefile$/.test(path))
      .sort()
      .map((path) => `${dir}/${path}`),
  ),
]

/** One digest of all sources. Part of every `nixpack bundle`: synchronous reads of small files are what is fastest. */
export const digestOfSources = (rootDir: string): string => {
  const hash = createHash('sha256')
  for (const path of sourcesOf(rootDir)) {
    const bytes = readFileSync(join(rootDir, path))
    hash.update(`${path}\0${bytes.length}\0`).update(bytes)
  }
  return hash.digest('hex')
}

/** One digest of the names and contents of files. */
export const digestOfParts = async (parts: readonly { readonly name: string; readonly path: string }[]): Promise<string> => {
  const hash = createHash('sha256')
  for (const { name, path } of parts) {
    const content = createHash('sha256')
    await pipeline(createReadStream(path), content)
    hash.update(`${name}\0`).update(content.digest())
  }
  return hash.digest('hex')
}

/** The stamp in a file; undefined when there is none, or none that this version of nixpack has written. */
export const readStamp = async (path: string): Promise<Stamp | undefined> => {
  try {
    return stampSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR') || error instanceof SyntaxError || error instanceof z.ZodError) return undefined
    throw error
  }
}
