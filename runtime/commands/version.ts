// `--version`: the file, by its name and the digest of its index, and the runtime in it.

import type { Manifest } from '../contract/manifest.ts'

export const renderVersion = (manifest: Manifest, environment: Readonly<Record<string, string | undefined>>): string => {
  const identity = environment['NIXPACK_VERSION_INFO']
  return `${manifest.name}${identity === undefined ? '' : ` ${identity}`}\nnode ${process.versions.node}\n`
}
