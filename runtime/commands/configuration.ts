// The configuration of a running instance: read again, compared, changed piece by piece. What control needs to know of
// manifest and environment, and nothing of control itself.

import { rmSync } from 'node:fs'
import { planProcess } from '../config/plan-process.ts'
import type { RenderedFile } from '../config/render-files.ts'
import type { ConfigurationControl, Mask, SupervisorControl } from '../contract/control-supervisor.ts'
import type { RunPaths } from '../contract/directories.ts'
import { NixpackError } from '../contract/errors.ts'
import { checkDeclarations, renderProblems } from '../contract/manifest.ts'
import type { Manifest } from '../contract/manifest.ts'
import type { ProcessSpec } from '../contract/process-spec.ts'
import { planChange } from '../supervisor/plan-change.ts'
import type { CommandContext } from './context.ts'
import { planExec, planProgramDirs } from './exec-plan.ts'
import { setPart } from '../control/option-names.ts'
import { createMask } from './mask.ts'
import { mergeDeclaration } from './merge-declaration.ts'
import { renderMasked } from './render-masked.ts'
import { resolveSelected } from './select-processes.ts'
import { planSource, readSource, writeSource } from './source.ts'
import type { PlannedSource, Purpose, Source } from './source.ts'
import { renderDiff } from './text-diff.ts'

type Loaded = { readonly source: Source; readonly planned: PlannedSource }

export type ConfigurationOptions = {
  /** As `up` got it; everything is read again from there. */
  readonly context: CommandContext
  readonly paths: RunPaths
  readonly loaded: Loaded
  readonly supervisor: Pick<SupervisorControl, 'plan' | 'apply' | 'status'>
}

export const createConfiguration = ({ context, paths, loaded, supervisor }: ConfigurationOptions): ConfigurationControl => {
  let current = loaded
  let retired: readonly RenderedFile[] = []
  let hide = createMask(loaded.source.variables.values())
  // What `set` and `add` have changed since the last reading.
  let manifest = loaded.source.context.manifest

  const readAgain = async (purpose: Purpose): Promise<Loaded> => {
    const source = await readSource({ ...context, manifest: context.readManifest() }, purpose)
    return { source, planned: planSource(source, paths, resolveSelected(context)) }
  }
  const mask: Mask = (text, name) => hide(text, name)
  return {
    mask,
    async reload() {
      const next = await readAgain({ kind: 'run', held: current.source.ports })
      writeSource(next.planned, paths)
      const change = supervisor.apply(next.planned.plan)
      removeFiles(retired, [...current.planned.files, ...next.planned.files], paths)
      retired = current.planned.files
      current = next
      hide = createMask(next.source.variables.values())
      manifest = next.source.context.manifest
      return change
    },
    async preview() {
      const next = await readAgain({ kind: 'show' })
      const hideBoth = createMask([...current.source.variables.values(), ...next.source.variables.values()])
      return { change: planChange(supervisor.plan, next.planned.plan), files: compareFiles(listFiles(current, paths), listFiles(next, paths), hideBoth) }
    },
    planProcess(name, given, parts = []) {
      const running = supervisor.status().find((status) => status.name === name)
      // What somebody adds is not what the bundle is there for: it goes on when that ends.
      const declared = running === undefined ? { essential: false } : { ...manifest.processes[name], numprocesses: running.numprocesses }
      const changed = checkManifest({ ...manifest, processes: { ...manifest.processes, [name]: parts.reduce(setPart, mergeDeclaration(declared, given)) } })
      const spec = planChanged(changed, name, current.planned)
      manifest = changed
      return spec
    },
    planExec: (process) => ({
      run: planExec(current.source, { ...current.planned, plan: supervisor.plan }, process),
      programDirs: planProgramDirs(supervisor.plan, process),
      fifosDir: `${paths.fifosDir}/exec`,
    }),
    declarationOf(name) {
      const declaration = manifest.processes[name]
      if (declaration === undefined) throw new NixpackError('CONTROL_REFUSED', `cannot find a declaration of "${name}"`)
      const numprocesses = supervisor.status().find((status) => status.name === name)?.numprocesses ?? declaration.numprocesses
      return maskRecord({ ...declaration, numprocesses }, mask)
    },
  }
}

const checkManifest = (manifest: Readonly<Record<string, unknown>>): Manifest => {
  const checked = checkDeclarations(JSON.parse(JSON.stringify(manifest)))
  if ('manifest' in checked) return checked.manifest
  throw new NixpackError('CONTROL_REFUSED', `cannot change the declaration: ${renderProblems(checked.problems)}`)
}

const planChanged = (manifest: Manifest, name: string, { plan, planContext }: PlannedSource): ProcessSpec => {
  const declaration = manifest.processes[name]
  if (declaration === undefined) throw new Error(`unreachable: "${name}" was just declared`)
  const socketAddresses = new Map(plan.sockets.map((socket) => [socket.name, socket.address]))
  return planProcess({ manifest, name, declaration, sockets: plan.sockets }, { ...planContext, socketAddresses })
}

/** One reload later: whoever is on the way down since the latest one may still want to read its own. */
const removeFiles = (before: readonly RenderedFile[], after: readonly RenderedFile[], { filesDir }: RunPaths): void => {
  const names = new Set(after.map(({ name }) => name))
  for (const { name } of before) if (!names.has(name)) rmSync(`${filesDir}/${name}`, { force: true })
}

type ShownFile = { readonly text: string; readonly shown: string }

const listFiles = ({ source, planned }: Loaded, paths: RunPaths): ReadonlyMap<string, ShownFile> => {
  const shown = new Map(renderMasked(source, paths).map(({ name, text }) => [name, text]))
  return new Map(planned.files.map(({ name, text }) => [name, { text, shown: shown.get(name) ?? '' }]))
}

const compareFiles = (
  before: ReadonlyMap<string, ShownFile>,
  after: ReadonlyMap<string, ShownFile>,
  mask: Mask,
): readonly { readonly name: string; readonly diff: string }[] => {
  const shownIn = (files: ReadonlyMap<string, ShownFile>, name: string): string => mask(files.get(name)?.shown ?? '')
  // A secret that changes is a change, though nobody sees of what.
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => before.get(name)?.text !== after.get(name)?.text)
    .map((name) => ({ name, diff: renderDiff(shownIn(before, name), shownIn(after, name)) || '  (a secret)\n' }))
}

const maskRecord = (record: Readonly<Record<string, unknown>>, mask: Mask): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, maskValue(value, key, mask)]))

const maskValue = (value: unknown, key: string, mask: Mask): unknown => {
  if (typeof value === 'string') return mask(value, key)
  if (Array.isArray(value)) return value.map((item) => maskValue(item, '', mask))
  return typeof value === 'object' && value !== null ? maskRecord(Object.fromEntries(Object.entries(value)), mask) : value
}
