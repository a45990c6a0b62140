// The file behind --env-file: NAME=VALUE lines, comments, optional quotes, an `export` in front that does nothing.
// Nothing is expanded. Messages show names and lines, never values: they may be secrets.

import { readFileSync } from 'node:fs'
import { NixpackError } from '../contract/errors.ts'
import type { Environment } from './user-environment.ts'

/** Throws ENV_INVALID with every problem. */
export const readEnvFile = (path: string): Environment => parseEnvFile(readBytes(path), path)

export const parseEnvFile = (bytes: Uint8Array, path: string): Environment => {
  const text = decode(path, bytes)
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const parsed = lines.map((line, index) => ({ number: index + 1, result: parseLine(line) }))
  const problems = parsed.flatMap(({ number, result }) => (typeof result === 'string' ? [`line ${number}: ${result}`] : []))
  if (problems.length > 0) throw refuse(path, renderProblems(problems))
  return Object.fromEntries(parsed.flatMap(({ result }) => (typeof result === 'object' ? [[result.name, result.value]] : [])))
}

/** The real environment wins; an empty variable counts as not set, as everywhere. */
export const addEnvFile = (environment: Environment, fromFile: Environment): Environment => ({
  ...fromFile,
  ...Object.fromEntries(Object.entries(environment).filter(([name, value]) => value !== '' || !Object.hasOwn(fromFile, name))),
})

const SIZE_MAX_BYTES = 1_048_576
const PROBLEMS_MAX = 20

const readBytes = (path: string): Buffer => {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new NixpackError('ENV_INVALID', `cannot read environment file "${path}"`, { cause })
  }
}

const decode = (path: string, bytes: Uint8Array): string => {
  if (bytes.length > SIZE_MAX_BYTES) throw refuse(path, `it has ${bytes.length} bytes, and ${SIZE_MAX_BYTES} are the limit`)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    // The one thing it throws for is what is asked here.
    throw refuse(path, 'it is not text in UTF-8')
  }
}

const refuse = (path: string, reason: string): NixpackError =>
  new NixpackError('ENV_INVALID', `cannot read environment file "${path}": ${reason}`, { hint: 'write NAME=VALUE lines' })

const renderProblems = (problems: readonly string[]): string => {
  if (problems.length === 1) return problems[0] ?? ''
  const more = problems.length > PROBLEMS_MAX ? [`and ${problems.length - PROBLEMS_MAX} more`] : []
  return [...problems.slice(0, PROBLEMS_MAX), ...more].map((problem) => `\n  - ${problem}`).join('')
}

type Setting = { readonly name: string; readonly value: string }

/** Undefined: a line without a setting; a text: what is wrong with it. */
const parseLine = (line: string): Setting | string | undefined => {
  const trimmed = line.trim()
  if (trimmed === '' || trimmed.startsWith('#')) return undefined
  if (trimmed.includes('\0')) return 'a NUL character'
  const [, name, text = ''] = /^(?:export\s+)?([^=\s]+)\s*=\s*(.*)$/s.exec(trimmed) ?? []
  if (name === undefined) return 'expected NAME=VALUE'
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return `${JSON.stringify(name.slice(0, 64))} is not the name of a variable`
  const value = parseValue(text)
  return value === undefined ? `the value of ${name} has a quote without its end, or something behind it` : { name, value }
}

const parseValue = (text: string): string | undefined => {
  const quote = text.startsWith('"') || text.startsWith("'") ? text.charAt(0) : undefined
  if (quote === undefined) return text.replace(/(?:^|\s+)#.*$/, '')
  const [, inner] = (quote === '"' ? DOUBLE_QUOTED : SINGLE_QUOTED).exec(text) ?? []
  return quote === '"' ? inner?.replaceAll(/\\(.)/g, (_, character: string) => ESCAPES.get(character) ?? character) : inner
}

const DOUBLE_QUOTED = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/
const SINGLE_QUOTED = /^'([^']*)'\s*(?:#.*)?$/
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])
