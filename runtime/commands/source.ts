// Manifest, circus.ini, environment and environment files -> what is to run. Read at the start, again by every reload,
// and by the commands that only show it.
//
//   const source = await readSource(context, { kind: 'run' })          checks everything, makes lasting directories
//   const planned = planSource(source, paths, context.operands)        pure but for what it asks of the host
//   writeSource(planned, paths)                                        configuration files, for whoever reads them

import { resolve } from 'node:path'
import type { Grant } from '../config/access.ts'
import { planAccess } from '../config/access.ts'
import { findAutomaticPorts, predictAutomaticPorts, resolveAutomaticPorts, resolvePortsPath } from '../config/automatic-ports.ts'
import { addEnvFile, readEnvFile } from '../config/env-file.ts'
import { grantAccess } from '../config/grant-access.ts'
import { createHostFacts } from '../config/host-facts.ts'
import { findUsedDirectories, makeLastingDirectories } from '../config/lasting-directories.ts'
import { planBundle } from '../config/plan-bundle.ts'
import type { PlanContext } from '../config/plan-context.ts'
import type { RenderedFile } from '../config/render-files.ts'
import type { Variable } from '../config/variables.ts'
import { writeFiles } from '../config/write-files.ts'
import type { Directories, LastingDirectoryName, RunPaths } from '../contract/directories.ts'
import type { Manifest } from '../contract/manifest.ts'
import type { Plan } from '../contract/process-spec.ts'
import type { CommandContext } from './context.ts'
import { planDirectories, readVariables, renderConfiguration } from './preparation.ts'
import { selectProcesses } from './select-processes.ts'
import type { Selected } from './select-processes.ts'

export type Source = {
  /** With the manifest and the environment as they are after everything was added. */
  readonly context: CommandContext
  readonly variables: ReadonlyMap<string, Variable>
  readonly directories: Directories
  /** The directories that are to exist. */
  readonly usedDirectories: ReadonlySet<LastingDirectoryName>
  readonly ports: ReadonlyMap<string, number>
}

export type PlannedSource = {
  readonly plan: Plan
  readonly files: readonly RenderedFile[]
  readonly grants: readonly Grant[]
  readonly planContext: PlanContext
}

/** `show` changes nothing on the host. */
export type Purpose = { readonly kind: 'show' } | RunPurpose

export type RunPurpose = {
  readonly kind: 'run'
  /** Automatic ports that our own processes listen on. */
  readonly held?: ReadonlyMap<string, number>
  /** Called before anything in the lasting directories is read or written. */
  readonly claim?: (claimed: Pick<Source, 'directories' | 'usedDirectories'>) => Promise<void>
}

/** Throws what is wrong with any of it, before anything is started. */
export const readSource = async (given: CommandContext, purpose: Purpose): Promise<Source> => {
  const environment = readEnvironment(given)
  const context = { ...given, environment, manifest: await addCircus({ ...given, environment }) }
  const directories = planDirectories(context)
  const wanted = findAutomaticPorts(context.manifest, environment)
  const usedDirectories = findUsed(context.manifest, wanted.length > 0)
  if (purpose.kind === 'run') {
    makeLastingDirectories(directories, usedDirectories, context.uid)
    await purpose.claim?.({ directories, usedDirectories })
  }
  const ports = await choosePorts(context, { directories, wanted }, purpose)
  const variables = readVariables(context, { automaticPorts: ports, makesDirectories: purpose.kind === 'run' })
  return { context, variables, directories, usedDirectories, ports }
}

export const planSource = ({ context, variables, directories }: Source, paths: RunPaths, selected?: Selected): PlannedSource => {
  const { manifest, environment, workingDir, uid } = context
  const files = renderConfiguration(context, variables, paths)
  const planContext: PlanContext = { variables, paths, directories, environment, workingDir, uid, host: createHostFacts(), files }
  const plan = selectProcesses(planBundle(manifest, planContext), selected)
  return { plan, files, grants: planAccess({ manifest, plan, paths, directories }), planContext }
}

export const writeSource = ({ files, grants }: PlannedSource, paths: RunPaths): void => {
  writeFiles(files, paths.filesDir, grants)
  grantAccess(grants, paths)
}

/** The later file counts, and the environment before all of them. */
export const readEnvironment = ({ environment, values, workingDir }: CommandContext): CommandContext['environment'] =>
  (values.get('--env-file') ?? []).toReversed().reduce((sum, file) => addEnvFile(sum, readEnvFile(resolve(workingDir, file))), environment)

const findUsed = (manifest: Manifest, remembersPorts: boolean): ReadonlySet<LastingDirectoryName> =>
  new Set([...findUsedDirectories(manifest), ...(remembersPorts ? (['state'] as const) : [])])

type PortsRequest = { readonly directories: Directories; readonly wanted: ReturnType<typeof findAutomaticPorts> }

const choosePorts = async (context: CommandContext, { directories, wanted }: PortsRequest, purpose: Purpose): Promise<Source['ports']> => {
  const request = { wanted, portsPath: resolvePortsPath(directories), seed: `${context.manifest.name}/${context.instance}` }
  if (purpose.kind === 'show') return predictAutomaticPorts(request)
  const { ports, warnings } = await resolveAutomaticPorts({ ...request, held: purpose.held ?? new Map() })
  for (const warning of warnings) context.report.warn(warning)
  return ports
}

/** Loaded only by bundles that use it. */
const addCircus = async ({ manifest, values, workingDir, environment, report }: CommandContext): Promise<Manifest> => {
  const given = values.get('--circus')?.at(-1) ?? manifest.circusIni
  if (given === undefined) return manifest
  const { readCircusFile } = await import('../circus/read-circus-file.ts')
  const { mergeCircus } = await import('../circus/merge.ts')
  const imported = readCircusFile(resolve(workingDir, given), { environment, workingDir })
  for (const warning of imported.warnings) report.warn(warning)
  return mergeCircus(manifest, imported)
}
