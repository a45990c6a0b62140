// A manifest and what a circus.ini declares -> one manifest, checked as if it had been written like that.

import { resolveManifestProblems } from '../contract/manifest-checks.ts'
import { manifestSchema } from '../contract/manifest-schema.ts'
import type { Manifest } from '../contract/manifest-schema.ts'
import { findUnusableKeys, renderUnusable } from '../contract/unusable-keys.ts'
import { createCircusError } from './notes.ts'
import type { CircusImport } from './read-circus-file.ts'

/** Throws CIRCUS_INVALID. */
export const mergeCircus = (manifest: Manifest, { path, declarations }: CircusImport): Manifest => {
  const unusable = findUnusableKeys(declarations)
  if (unusable.length > 0) throw createCircusError(path, unusable.map(renderUnusable))
  const parsed = manifestSchema.safeParse({ version: 1, name: 'circus', ...declarations })
  if (!parsed.success) {
    throw createCircusError(
      path,
      parsed.error.issues.map(({ path: place, message }) => `${place.map(String).join('.')}: expected ${message}`),
    )
  }
  const { processes, sockets, heartbeats, pidFile } = parsed.data
  const clashes = [...findClashes('watcher', manifest.processes, processes), ...findClashes('socket', manifest.sockets, sockets)]
  const merged: Manifest = {
    ...manifest,
    processes: { ...manifest.processes, ...processes },
    sockets: { ...manifest.sockets, ...sockets },
    heartbeats: [...manifest.heartbeats, ...heartbeats],
    ...(pidFile === undefined ? {} : { pidFile }),
  }
  // Now every name is known.
  const problems = [...clashes, ...resolveManifestProblems({ ...merged, circusIni: undefined })]
  if (problems.length > 0) throw createCircusError(path, problems)
  return merged
}

const findClashes = (kind: string, declared: Readonly<Record<string, unknown>>, added: Readonly<Record<string, unknown>>): readonly string[] => {
  const known = new Map(Object.keys(declared).map((name) => [name.toLowerCase(), name]))
  return Object.keys(added).flatMap((name) => {
    const other = known.get(name.toLowerCase())
    return other === undefined ? [] : [`[${kind}:${name}]: the bundle itself declares "${other}"`]
  })
}
