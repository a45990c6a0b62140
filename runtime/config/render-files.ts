// All configuration files of a manifest, rendered in memory: problems come before the first byte on disk.

import type { FileDeclaration, Manifest } from '../contract/manifest.ts'
import { renderIni } from './render-ini.ts'
import { renderText } from './render-text.ts'
import type { RenderedText } from './render-text.ts'
import { renderToml } from './render-toml.ts'
import { renderYaml } from './render-yaml.ts'
import { substituteValue } from './substitute.ts'
import type { Substitution } from './substitute.ts'

export type RenderedFile = { readonly name: string; readonly text: string; readonly mode: number }
export type RenderedFiles = { readonly files: readonly RenderedFile[]; readonly problems: readonly string[] }

export const renderFiles = (manifest: Manifest, context: Substitution): RenderedFiles => {
  const rendered = Object.entries(manifest.files).map(([name, file]) => ({ name, file, ...renderFile(name, file, context) }))
  return {
    files: rendered.map(({ name, file, text }) => ({ name, text, mode: Number.parseInt(file.mode ?? '0600', 8) })),
    problems: rendered.flatMap(({ problems }) => problems),
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
