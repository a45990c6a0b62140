// All configuration files of a manifest, rendered in memory: problems come before the first byte on disk.

import { collectStrings } from '../contract/collect-strings.ts'
import { NixpackError } from '../contract/errors.ts'
import type { FileDeclaration, Manifest } from '../contract/manifest.ts'
import { parseReferences } from '../contract/placeholder.ts'
import { renderIni } from './render-ini.ts'
import { renderText } from './render-text.ts'
import type { RenderedText } from './render-text.ts'
import { renderToml } from './render-toml.ts'
import { renderYaml } from './render-yaml.ts'
import { substituteValue } from './substitute.ts'
import { planSocketAddresses } from './plan-sockets.ts'
import type { SocketContext } from './plan-sockets.ts'
import type { Substitution } from './substitute.ts'

export type RenderedFile = { readonly name: string; readonly text: string; readonly mode: number }
export type RenderedFiles = { readonly files: readonly RenderedFile[]; readonly problems: readonly string[] }

export const renderFiles = (manifest: Manifest, values: SocketContext): RenderedFiles => {
  const sockets = resolveSockets(manifest, values)
  if (typeof sockets === 'string') return { files: [], problems: [sockets] }
  const context = { ...values, socketAddresses: sockets }
  const rendered = Object.entries(manifest.files).map(([name, file]) => ({ name, file, ...renderFile(name, file, context) }))
  return {
    files: rendered.map(({ name, file, text }) => ({ name, text, mode: Number.parseInt(file.mode ?? '0600', 8) })),
    problems: rendered.flatMap(({ problems }) => problems),
  }
}

/** Only when a file wants to know one; a problem is returned as its text. */
const resolveSockets = (manifest: Manifest, values: SocketContext): ReturnType<typeof planSocketAddresses> | string => {
  const isAsked = collectStrings(manifest.files)
    .flatMap(parseReferences)
    .some(({ subject }) => subject === 'socket')
  try {
    return isAsked ? planSocketAddresses(manifest, values) : new Map()
  } catch (error) {
    if (error instanceof NixpackError) return error.message
    throw error
  }
}

const renderFile = (name: string, { text, format, value }: FileDeclaration, context: Substitution): RenderedText => {
  if (text !== undefined) return renderText(name, text, context)
  try {
    return { text: FORMATS[format ?? 'json'](substituteValue(value, context)), problems: [] }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return { text: '', problems: [`"${name}": ${error.message}`] }
  }
}

const FORMATS: Readonly<Record<NonNullable<FileDeclaration['format']>, (value: unknown) => string>> = {
  json: (value) => `${JSON.stringify(value, undefined, 2)}\n`,
  yaml: renderYaml,
  toml: renderToml,
  ini: renderIni,
}
