// The digest that tells whether a process must be restarted after its configuration was read again.

import { collectStrings } from '../contract/collect-strings.ts'
import { LIVE_KEYS } from '../contract/live-keys.ts'
import type { Manifest, ProcessDeclaration, TaskDeclaration } from '../contract/manifest.ts'
import { parseReferences } from '../contract/placeholder.ts'
import type { RunSpec, SocketSpec } from '../contract/process-spec.ts'
import { hashText } from '../contract/sha256.ts'
import type { InstancePlanContext } from './plan-context.ts'
import { substituteValue } from './substitute.ts'

export type SpecHashRequest = {
  readonly manifest: Manifest
  readonly declaration: ProcessDeclaration
  /** Of the first instance. */
  readonly run: RunSpec
  readonly sockets: readonly SocketSpec[]
  readonly context: InstancePlanContext
}

/** Over what a run would notice: not how many there are of it, nor what happens when it ends. */
export const resolveSpecHash = ({ manifest, declaration, run, sockets, context }: SpecHashRequest): string => {
  const noticed = Object.fromEntries(Object.entries(declaration).filter(([key]) => !LIVE.has(key)))
  const files = findFiles(manifest, declaration).map((name) => context.files.find((file) => file.name === name))
  const content = { declaration: substituteValue(noticed, context), run, sockets, files }
  return hashText(renderCanonical(content))
}

const LIVE: ReadonlySet<string> = new Set(LIVE_KEYS)

/** The files a declaration refers to, directly or through other files. */
export const findFiles = (manifest: Manifest, declaration: ProcessDeclaration | TaskDeclaration): readonly string[] => {
  const found = new Set<string>()
  const follow = (value: unknown): void => {
    for (const { subject, name } of collectStrings(value).flatMap(parseReferences)) {
      if (subject !== 'file' || found.has(name)) continue
      found.add(name)
      follow(manifest.files[name])
    }
  }
  follow(declaration)
  return [...found].sort()
}

/** JSON in which the order of keys says nothing. */
const renderCanonical = (value: unknown): string => JSON.stringify(value, (_, item: unknown) => (isRecord(item) ? sortKeys(item) : item)) ?? ''

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value)

const sortKeys = (record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(record).sort(([left], [right]) => (left < right ? -1 : 1)))
