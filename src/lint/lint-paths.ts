// Store paths -> whether they refer to each other, and what relocation cannot rewrite in them.
import { join } from 'node:path'

import type { RelocationVerdict } from '../../runtime/contract/relocation.ts'
import { findOptionalTool } from '../lib/find-tool.ts'
import { createCollector } from './collector.ts'
import type { DecoderTools } from './decode.ts'
import { factCacheKey, readCachedFacts, writeCachedFacts } from './fact-cache.ts'
import { judge } from './facts.ts'
import type { IsMember, MachineFile, PathFacts } from './facts.ts'
import { readFacts } from './read-file.ts'
import { createScanner, HASH_LENGTH } from './scanner.ts'

export type LintSource = { readonly baseName: string; readonly sourceDir: string; readonly narHash: Buffer }

/** What is in a tree, as the archive stage reads it. */
export type LintEntry =
  | { readonly kind: 'directory'; readonly name: string }
  | { readonly kind: 'file'; readonly name: string; readonly executable: boolean }
  | { readonly kind: 'symlink'; readonly name: string; readonly target: string }

export type LintedPath = RelocationVerdict & { readonly baseName: string; readonly machines: readonly MachineFile[] }

export type LintOptions = {
  readonly cacheDir: string
  readonly readTree: (root: string) => Promise<readonly LintEntry[]>
  /** Base names of all paths of the bundle: only their hashes count. */
  readonly members: readonly string[]
}

/** Reads the paths, one after the other, unless what they hold is known from before. */
export const lintPaths = async (sources: readonly LintSource[], options: LintOptions): Promise<readonly LintedPath[]> => {
  const hashes = new Set(options.members.map((baseName) => baseName.slice(0, HASH_LENGTH)))
  const isMember = (hash: string): boolean => hashes.has(hash)
  const tools = { xz: await findOptionalTool('xz'), bzip2: await findOptionalTool('bzip2') }
  const linted: LintedPath[] = []
  for (const source of sources) {
    const facts = await factsOf(source, options, { isMember, tools })
    linted.push({ baseName: source.baseName, machines: facts.machines, ...judge(facts, isMember) })
  }
  return linted
}

type Lint = { readonly isMember: IsMember; readonly tools: DecoderTools }

const factsOf = async (source: LintSource, { cacheDir, readTree }: LintOptions, lint: Lint): Promise<PathFacts> => {
  const decoders = Object.entries(lint.tools).flatMap(([name, path]) => (path === undefined ? [] : [name]))
  const key = factCacheKey(source.narHash, decoders)
  const cached = await readCachedFacts(cacheDir, key)
  if (cached !== undefined) return cached
  const facts = await readPath(source.sourceDir, await readTree(source.sourceDir), lint)
  if (facts.complete) await writeCachedFacts(cacheDir, key, facts)
  return facts
}

const readPath = async (root: string, entries: readonly LintEntry[], { isMember, tools }: Lint): Promise<PathFacts> => {
  const collector = createCollector(isMember)
  for (const entry of entries) {
    if (entry.kind === 'file') await readFacts({ path: join(root, entry.name), name: entry.name, executable: entry.executable }, collector, tools)
    if (entry.kind !== 'symlink') continue
    const scanner = createScanner(({ form, run }) => collector.add({ reason: form, file: entry.name, run }))
    scanner.feed(Buffer.from(entry.target))
    scanner.end()
  }
  return collector.facts()
}
