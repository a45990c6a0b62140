// The order of the stages: resolve, closure, archive, assemble and verify. Stages know nothing of each other.
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'

import { MACHINES } from '../runtime/contract/bundle-format.ts'
import type { System } from '../runtime/contract/bundle-format.ts'
import { NixpackError } from '../runtime/contract/errors.ts'
import type { RelocationVerdict } from '../runtime/contract/relocation.ts'
import { narHashOf } from './archive/nar-hash.ts'
import { readTree } from './archive/tree.ts'
import { dropFrames, frameCacheDir } from './archive/frame-cache.ts'
import { archiveClosure } from './archive/write.ts'
import type { ArchivedPath, ArchiveSource } from './archive/write.ts'
import { readClosure } from './nix/closure.ts'
import { inspectEntrypoint } from './nix/program.ts'
import type { BundleKind } from './nix/program.ts'
import { resolveEntrypoint } from './nix/resolve.ts'
import { fixedBaseName, STORE_DIR } from './nix/store-path.ts'
import type { BundleOptions } from './options.ts'
import { assembleBundle, DamagedFrame } from './output/assemble.ts'
import type { BundleParts } from './output/assemble.ts'
import { buildRuntime, readRuntime } from './sea/runtime-tree.ts'
import type { RuntimeHome, RuntimeParts } from './sea/runtime-tree.ts'
import { targetOf } from './sea/target.ts'

/** What the pipeline tells while it works. */
export type Progress = { readonly stage: (text: string) => void; readonly advance: (done: number, total: number, what: string) => void }

/** What does not come from the user's options: where this nixpack lies, and the environment. */
export type Installation = RuntimeHome & { readonly environment: Readonly<Record<string, string | undefined>> }

/** What was bundled; sizes in bytes. */
export type BundleResult = {
  readonly file: string
  readonly name: string
  readonly composed: boolean
  readonly sizeBytes: number
  readonly closureBytes: number
  readonly compressedBytes: number
  readonly launcherBytes: number
  readonly pathCount: number
  readonly identity: string
}

/** Builds REF and writes its bundle. Throws NixpackError; nothing half-written stays behind. */
export const bundle = async (
  reference: string,
  options: BundleOptions,
  context: { readonly installation: Installation; readonly progress: Progress },
): Promise<BundleResult> => {
  const { installation, progress } = context
  progress.stage(`building ${reference}`)
  const entrypoint = await resolveEntrypoint(reference, !options.quiet)
  const system = supportedSystem(entrypoint.system ?? hostSystem())

  progress.stage('reading the closure')
  const sources = (await readClosure(entrypoint.baseName)).map((path) => ({ ...path, sourceDir: join(STORE_DIR, path.baseName) }))
  const kind = await inspectEntrypoint(entrypoint, options.program)
  const runtime = await readRuntime(installation, system)
  const runtimeSource = kind.composed ? await runtimeAsSource(runtime, installation.version) : undefined
  const paths = await archive([...sources, ...(runtimeSource === undefined ? [] : [runtimeSource])], options, context)

  const outputPath = resolve(options.output ?? kind.name)
  progress.stage(`writing and verifying ${outputPath}`)
  const parts = describeBundle(kind, { system, paths, entrypoint: entrypoint.baseName, runtime: runtimeSource?.baseName, launcherPath: runtime.launcherPath })
  const written = await assembleOrForget(outputPath, parts, frameCacheDir(installation.environment))
  return { file: outputPath, name: kind.name, composed: kind.composed, ...written, ...totalsOf(paths) }
}

const supportedSystem = (system: string): System => {
  if (system === 'x86_64-linux' || system === 'aarch64-linux') return system
  throw new NixpackError('CLOSURE_FOREIGN_SYSTEM', `cannot bundle for "${system}": there is no launcher for it`, {
    hint: `bundle a derivation for ${Object.keys(MACHINES).join(' or ')}`,
  })
}

const hostSystem = (): string => `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux`

const runtimeAsSource = async (runtime: RuntimeParts, version: string): Promise<ArchiveSource> => {
  const narHash = await narHashOf(runtime.treeDir, await readTree(runtime.treeDir))
  return { baseName: fixedBaseName(`nixpack-runtime-${version}`, narHash), sourceDir: runtime.treeDir, narHash }
}

const archive = async (
  sources: readonly ArchiveSource[],
  options: BundleOptions,
  { installation, progress }: { readonly installation: Installation; readonly progress: Progress },
): Promise<readonly ArchivedPath[]> => {
  progress.stage(`compressing ${sources.length} store paths`)
  return archiveClosure(sources, {
    cacheDir: frameCacheDir(installation.environment),
    level: options.level,
    jobs: options.jobs ?? availableParallelism(),
    onProgress: (done, baseName) => progress.advance(done, sources.length, baseName),
  })
}

type LintedPath = ArchivedPath & RelocationVerdict

type Placed = {
  readonly system: System
  readonly paths: readonly ArchivedPath[]
  readonly entrypoint: string
  readonly runtime: string | undefined
  readonly launcherPath: string
}

const describeBundle = (kind: BundleKind, placed: Placed): BundleParts<LintedPath> => ({
  ...kind,
  system: placed.system,
  launcherPath: placed.launcherPath,
  entrypoint: placed.paths.findIndex((path) => path.baseName === placed.entrypoint),
  runtime: placed.runtime === undefined ? undefined : placed.paths.findIndex((path) => path.baseName === placed.runtime),
  paths: placed.paths.map((path) => ({ ...path, references: true, notes: [] })),
})

/** A damaged frame is taken out of the cache, so that running the command again mends it. */
const assembleOrForget = async (outputPath: string, parts: BundleParts<LintedPath>, cacheDir: string) => {
  try {
    return await assembleBundle(outputPath, parts)
  } catch (error) {
    if (!(error instanceof DamagedFrame)) throw error
    const damaged = parts.paths.find((path) => path.baseName === error.baseName)
    if (damaged !== undefined) await dropFrames(cacheDir, damaged.cacheKey)
    throw new NixpackError('ARCHIVE_FAILED', `cannot write bundle "${outputPath}": the cached frame of "${error.baseName}" is damaged`, {
      hint: 'it has been removed: run the command again',
    })
  }
}

const totalsOf = (paths: readonly ArchivedPath[]) => ({
  pathCount: paths.length,
  closureBytes: paths.reduce((total, path) => total + path.sizeBytes, 0),
  compressedBytes: paths.flatMap((path) => path.frames).reduce((total, frame) => total + frame.sizeBytes, 0),
})

/** Builds launcher and runtime for a system, unless they are there. */
export const prepareRuntime = async (
  installation: Installation,
  input: {
    readonly launcherPath: string
    readonly system: string | undefined
    readonly crossDir: string | undefined
    readonly onBuild: (system: System) => void
  },
): Promise<void> => buildRuntime({ ...installation, ...input, target: targetOf(supportedSystem(input.system ?? hostSystem()), input.crossDir) })
