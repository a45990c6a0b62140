// The runtime as a store path of its own: bin/supervisor, bin/shim and lib/, with the name that Nix would give it.
import { chmod, copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'

import type { System } from '../../runtime/contract/bundle-format.ts'
import { NixpackError } from '../../runtime/contract/errors.ts'
import { findLibraries } from './libraries.ts'
import { digestOfParts, digestOfSources, readStamp } from './stamp.ts'
import { buildSupervisor } from './supervisor.ts'
import { assertMachine, makeCommand } from './target.ts'
import type { Target } from './target.ts'

/** What a bundle needs besides the closure: the launcher, and the runtime of a composed one. */
export type RuntimeParts = { readonly launcherPath: string; readonly treeDir: string }

/** Where runtimes are kept, and what they are made from. */
export type RuntimeHome = { readonly runtimesDir: string; readonly rootDir: string; readonly version: string }

/** Where the parts for a system are kept below the directory of all runtimes. */
const partsOf = (runtimesDir: string, system: System): RuntimeParts & { readonly stampPath: string } => {
  const dir = join(runtimesDir, system)
  return { launcherPath: join(dir, 'launcher'), treeDir: join(dir, 'tree'), stampPath: join(dir, 'runtime.json') }
}

/** The parts for `system`. Throws RUNTIME_MISSING when they have not been built, or from other sources than those that are here. */
export const readRuntime = async ({ runtimesDir, rootDir, version }: RuntimeHome, system: System): Promise<RuntimeParts> => {
  const { stampPath, ...parts } = partsOf(runtimesDir, system)
  const stamp = await readStamp(stampPath)
  const problem =
    stamp === undefined
      ? `its runtime is not in "${runtimesDir}"`
      : stamp.version === version && stamp.sources === digestOfSources(rootDir)
        ? undefined
        : 'its runtime was made from other sources than those of this nixpack'
  if (problem !== undefined)
    throw new NixpackError('RUNTIME_MISSING', `cannot bundle for ${system}: ${problem}`, { hint: `build it with: ${makeCommand(system)}` })
  await assertMachine(parts.launcherPath, system)
  return parts
}

export type RuntimeInput = RuntimeHome & { readonly target: Target; readonly launcherPath: string; readonly onBuild: (system: System) => void }

/** Builds the parts for a system and publishes them in one step, unless they are there. Throws RUNTIME_MISSING or TOOL_MISSING. */
export const buildRuntime = async (input: RuntimeInput): Promise<void> => {
  const { system, nodePath } = input.target
  for (const path of [input.launcherPath, nodePath]) await assertMachine(path, system)
  const libraries = await findLibraries(input.target)
  const parts = await digestOfParts([{ name: 'launcher', path: input.launcherPath }, { name: 'node', path: nodePath }, ...libraries])
  const stamp = { version: input.version, sources: digestOfSources(input.rootDir), parts }
  const { treeDir, launcherPath, stampPath } = partsOf(input.runtimesDir, system)
  if (isDeepStrictEqual(await readStamp(stampPath), stamp)) return
  input.onBuild(system)

  const finalDir = join(input.runtimesDir, system)
  const workingDir = `${finalDir}.building`
  await rm(workingDir, { recursive: true, force: true })
  const building = (path: string): string => join(workingDir, path.slice(finalDir.length))
  await mkdir(building(join(treeDir, 'bin')), { recursive: true })
  await mkdir(building(join(treeDir, 'lib')))
  await installProgram(input.launcherPath, building(launcherPath))
  await installProgram(input.launcherPath, building(join(treeDir, 'bin', 'shim')))
  await buildSupervisor({ ...input, outputPath: building(join(treeDir, 'bin', 'supervisor')) })
  for (const { name, path } of libraries) await installLibrary(path, building(join(treeDir, 'lib', name)))
  await writeFile(building(stampPath), JSON.stringify(stamp))
  await rm(finalDir, { recursive: true, force: true })
  await rename(workingDir, finalDir)
}

const installProgram = async (sourcePath: string, targetPath: string): Promise<void> => {
  await copyFile(sourcePath, targetPath)
  await chmod(targetPath, 0o755)
}

/** The dynamic linker asks for the host's list of libraries to put into every program; ours has none, at a path of the same length. */
const HOST_PRELOAD = Buffer.from('/etc/ld.so.preload')
const NO_PRELOAD = Buffer.from('/nix/no/ld.preload')

const installLibrary = async (sourcePath: string, targetPath: string): Promise<void> => {
  const bytes = await readFile(sourcePath)
  for (let at = bytes.indexOf(HOST_PRELOAD); at !== -1; at = bytes.indexOf(HOST_PRELOAD, at)) NO_PRELOAD.copy(bytes, at)
  await writeFile(targetPath, bytes, { mode: 0o755 })
  await chmod(targetPath, 0o755)
}
