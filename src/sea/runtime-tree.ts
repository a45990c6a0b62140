// The runtime as a store path of its own: bin/supervisor, bin/shim and lib/, with the name that Nix would give it.
import { chmod, copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

import type { System } from '../../runtime/contract/bundle-format.ts'
import { NixpackError } from '../../runtime/contract/errors.ts'
import { isErrno } from '../lib/errno.ts'
import { findLibraries } from './libraries.ts'
import { buildSupervisor } from './supervisor.ts'

/** What a bundle needs besides the closure: the launcher, and the runtime of a composed one. */
export type RuntimeParts = { readonly launcherPath: string; readonly treeDir: string }

const stampSchema = z.strictObject({ version: z.string() })

/** Where the parts for a system are kept below the directory of all runtimes. */
const partsOf = (runtimesDir: string, system: System): RuntimeParts & { readonly stampPath: string } => {
  const dir = join(runtimesDir, system)
  return { launcherPath: join(dir, 'launcher'), treeDir: join(dir, 'tree'), stampPath: join(dir, 'runtime.json') }
}

/** The parts for `system`. Throws RUNTIME_MISSING when they have not been built. */
export const readRuntime = async (runtimesDir: string, system: System, version: string): Promise<RuntimeParts> => {
  const { stampPath, ...parts } = partsOf(runtimesDir, system)
  const stamp = await readFile(stampPath, 'utf8').catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  })
  if (stamp !== undefined && stampSchema.parse(JSON.parse(stamp)).version === version) return parts
  throw new NixpackError('RUNTIME_MISSING', `cannot bundle for ${system}: its runtime is not in "${runtimesDir}"`, { hint: 'build it with: make runtime' })
}

export type RuntimeInput = {
  readonly runtimesDir: string
  readonly system: System
  readonly version: string
  readonly mainPath: string
  readonly nodePath: string
  readonly launcherPath: string
}

/** Builds the parts for `system` and publishes them in one step. Throws RUNTIME_MISSING or TOOL_MISSING. */
export const buildRuntime = async (input: RuntimeInput): Promise<void> => {
  const finalDir = join(input.runtimesDir, input.system)
  const workingDir = `${finalDir}.building`
  await rm(workingDir, { recursive: true, force: true })
  const { treeDir, launcherPath, stampPath } = partsOf(input.runtimesDir, input.system)
  const building = (path: string): string => join(workingDir, path.slice(finalDir.length))
  await mkdir(building(join(treeDir, 'bin')), { recursive: true })
  await mkdir(building(join(treeDir, 'lib')))
  await installProgram(input.launcherPath, building(launcherPath))
  await installProgram(input.launcherPath, building(join(treeDir, 'bin', 'shim')))
  await buildSupervisor({ ...input, outputPath: building(join(treeDir, 'bin', 'supervisor')) })
  for (const { name, path } of await findLibraries(input.nodePath)) await installLibrary(path, building(join(treeDir, 'lib', name)))
  await writeFile(building(stampPath), JSON.stringify({ version: input.version }))
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
