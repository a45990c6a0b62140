// Depth-first search for a cycle, used by the manifest check; names that are not keys are ignored here.

/** One cycle, its first name repeated at the end, or undefined. */
export const findCycle = (edges: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined => {
  const finished = new Set<string>()
  for (const name of edges.keys()) {
    const cycle = followEdges({ edges, finished, trail: [] }, name)
    if (cycle !== undefined) return cycle
  }
  return undefined
}

type Search = {
  readonly edges: ReadonlyMap<string, readonly string[]>
  readonly finished: Set<string>
  readonly trail: readonly string[]
}

const followEdges = (search: Search, name: string): readonly string[] | undefined => {
  const start = search.trail.indexOf(name)
  if (start >= 0) return [...search.trail.slice(start), name]
  if (search.finished.has(name)) return undefined
  const next = { ...search, trail: [...search.trail, name] }
  for (const other of search.edges.get(name) ?? []) {
    const cycle = followEdges(next, other)
    if (cycle !== undefined) return cycle
  }
  search.finished.add(name)
  return undefined
}
