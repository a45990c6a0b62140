// Makes a real bundle from plain directories instead of a Nix closure: for tests of the launcher and the runtime.
//   node test/helpers/make-bundle.ts '{"launcherPath":…,"outputPath":…,"name":…,"paths":[{"name":…,"sourceDir":…}],"entrypoint":0,"program":"bin/x"}'
// prints {"file":…,"baseNames":[…]}. A path's name is `<hash>-<name>` (taken as it is) or a bare name (hashed like nix store add-path).
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { narHashOf } from '../../src/archive/nar-hash.ts'
import { readTree } from '../../src/archive/tree.ts'
import { archiveClosure } from '../../src/archive/write.ts'
import { fixedBaseName, splitStorePath, STORE_DIR } from '../../src/nix/store-path.ts'
import { assembleBundle } from '../../src/output/assemble.ts'

export type TestBundle = {
  readonly launcherPath: string
  readonly outputPath: string
  readonly name: string
  readonly paths: readonly { readonly name: string; readonly sourceDir: string }[]
  /** Positions in `paths`. */
  readonly entrypoint: number
  readonly runtime?: number
  readonly program: string
}

/** Writes the bundle and returns the base names of its paths, in the order in which they were given. */
export const makeTestBundle = async (input: TestBundle): Promise<{ readonly file: string; readonly baseNames: readonly string[] }> => {
  const cacheDir = await mkdtemp(join(tmpdir(), 'nixpack-frames-'))
  try {
    const sources = await Promise.all(
      input.paths.map(async ({ name, sourceDir }) => {
        const narHash = await narHashOf(sourceDir, await readTree(sourceDir))
        const baseName = splitStorePath(`${STORE_DIR}/${name}`) === undefined ? fixedBaseName(name, narHash) : name
        return { baseName, sourceDir, narHash }
      }),
    )
    const archived = await archiveClosure(sources, { cacheDir, level: 3, jobs: 2, onProgress: () => {} })
    const paths = archived.map((path) => ({ ...path, references: true, notes: [] }))
    const positionOf = (at: number): number => paths.findIndex((path) => path.baseName === sources[at]?.baseName)
    const runtime = input.runtime === undefined ? undefined : positionOf(input.runtime)
    const system = process.arch === 'arm64' ? 'aarch64-linux' : 'x86_64-linux'
    await assembleBundle(input.outputPath, { ...input, system, composed: runtime !== undefined, paths, entrypoint: positionOf(input.entrypoint), runtime })
    return { file: input.outputPath, baseNames: sources.map((source) => source.baseName) }
  } finally {
    await rm(cacheDir, { recursive: true })
  }
}

if (import.meta.main) console.log(JSON.stringify(await makeTestBundle(JSON.parse(process.argv[2] ?? '{}'))))
