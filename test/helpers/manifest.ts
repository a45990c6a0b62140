// A checked manifest from its parts, as the runtime would read it.
import { parseManifest } from '../../runtime/contract/manifest.ts'
import type { Manifest } from '../../runtime/contract/manifest.ts'

export const createManifest = (parts: Readonly<Record<string, unknown>>): Manifest =>
  parseManifest(JSON.stringify({ version: 1, name: 'demo', ...parts }), 'manifest.json')
