// The order of the stages: resolve, closure, lint, archive, assemble and verify. Stages know nothing of each other.
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'

import type { System } from '../runtime/contract/bundle-format.ts'
import { NixpackError } from '../runtime/contract/errors.ts'
import { relocationOf } from '../runtime/contract/relocation.ts'
import type { Relocation, RelocationVerdict } from '../runtime/contract/relocation.ts'
import { narHashOf } from './archive/nar-hash.ts'
import { readTree } from './archive/tree.ts'
import { dropFrames, frameCacheDir } from './archive/frame-cache.ts'
import { archiveClosure } from './archive/write.ts'
import type { ArchivedPath, ArchiveSource } from './archive/write.ts'
import { lintPaths } from './lint/lint-paths.ts'
import type { LintedPath } from './lint/lint-paths.ts'
import { readMachine } from './lint/read-file.ts'
import { chooseSystem, supportedSystem } from './lint/system.ts'
import { readClosure } from './nix/closure.ts'
import { inspectEntrypoint } from './nix/program.ts'
import type { BundleKind } from './nix/program.ts'
import { resolveEntrypoint } from './nix/resolve.ts'
import type { Entrypoint } from './nix/resolve.ts'
import { fixedBaseName, STORE_DIR } from './nix/store-path.ts'
import type { BundleOptions } from './options.ts'
import { assembleBundle, DamagedFrame } from './output/assemble.ts'
import type { BundleParts } from './output/assemble.ts'
import { assertWritableTarget } from './output/target.ts'
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
  readonly system: System
  readonly sizeBytes: number
  readonly closureBytes: number
  readonly compressedBytes: number
  readonly launcherBytes: number
  readonly pathCount: number
  readonly identity: string
  readonly relocation: Relocation
}

/** Builds REF and writes its bundle. Throws NixpackError; nothing half-written stays behind. */
export const bundle = async (
  reference: string,
  options: BundleOptions,
  context: { readonly installation: Installation; readonly progress: Progress },
): Promise<BundleResult> => {
  const { installation, progress } = context
  if (options.output !== undefined) await assertWritableTarget(resolve(options.output))
  progress.stage(`building ${reference}`)
  const entrypoint = await resolveEntrypoint(reference, !options.quiet)

  progress.stage('reading the closure')
  const sources = (await readClosure(entrypoint.baseName)).map((path) => ({ ...path, sourceDir: join(STORE_DIR, path.baseName) }))
  const kind = await inspectEntrypoint(entrypoint, options.program)
  const outputPath = resolve(options.output ?? kind.name)
  await assertWritableTarget(outputPath)
  const linted = await lint(sources, { members: sources, installation })
  const system = systemOf(entrypoint, kind, linted)
  const runtime = await readRuntime(installation, system)
  const runtimeSource = kind.composed ? await runtimeAsSource(runtime, installation.version) : undefined
  const lintedRuntime = runtimeSource === undefined ? [] : await lint([runtimeSource], { members: [...sources, runtimeSource], installation })
  const archived = await archive([...sources, ...(runtimeSource === undefined ? [] : [runtimeSource])], options, context)
  const paths = withVerdicts(archived, [...linted, ...lintedRuntime.map(withoutMentions)])

  progress.stage(`writing and verifying ${outputPath}`)
  const parts = describeBundle(kind, { system, paths, entrypoint: entrypoint.baseName, runtime: runtimeSource?.baseName, launcherPath: runtime.launcherPath })
  const written = await assembleOrForget(outputPath, parts, frameCacheDir(installation.environment))
  return { file: outputPath, name: kind.name, composed: kind.composed, system, ...written, ...totalsOf(paths), relocation: relocationOf(paths) }
}

const lint = async (
  sources: readonly ArchiveSource[],
  { members, installation }: { readonly members: readonly ArchiveSource[]; readonly installation: Installation },
): Promise<readonly LintedPath[]> =>
  lintPaths(sources, { cacheDir: frameCacheDir(installation.environment), readTree, members: members.map(({ baseName }) => baseName) })

/** The runtime names the store because it has to do with it; it knows where that is. */
const withoutMentions = (path: LintedPath): LintedPath => ({ ...path, notes: path.notes.filter(({ reason }) => reason !== 'no-hash') })

const systemOf = (entrypoint: Entrypoint, kind: BundleKind, linted: readonly LintedPath[]): System =>
  chooseSystem({
    program: kind.composed ? undefined : readMachine(join(STORE_DIR, entrypoint.baseName, kind.program)),
    found: linted.flatMap(({ baseName, machines }) => machines.map(({ machine, file }) => ({ machine, file: join(STORE_DIR, baseName, file) }))),
    derivationSystem: entrypoint.system,
    hostSystem: hostSystem(),
  })

const withVerdicts = (archived: readonly ArchivedPath[], linted: readonly LintedPath[]): readonly BundledPath[] =>
  archived.map((path) => {
    const verdict = linted.find(({ baseName }) => baseName === path.baseName)
    if (verdict === undefined) throw new Error(`unreachable: "${path.baseName}" was not looked at`)
    return { ...path, references: verdict.references, notes: verdict.notes }
  })

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

type BundledPath = ArchivedPath & RelocationVerdict

type Placed = {
  readonly system: System
  readonly paths: readonly BundledPath[]
  readonly entrypoint: string
  readonly runtime: string | undefined
  readonly launcherPath: string
}

const describeBundle = (kind: BundleKind, placed: Placed): BundleParts<BundledPath> => ({
  ...kind,
  system: placed.system,
  launcherPath: placed.launcherPath,
  entrypoint: placed.paths.findIndex((path) => path.baseName === placed.entrypoint),
  runtime: placed.runtime === undefined ? undefined : placed.paths.findIndex((path) => path.baseName === placed.runtime),
  paths: placed.paths,
})

/** A damaged frame is taken out of the cache, so that running the command again mends it. */
const assembleOrForget = async (outputPath: string, parts: BundleParts<BundledPath>, cacheDir: string) => {
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
