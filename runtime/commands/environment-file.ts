// --env-file: NAME=VALUE lines, as docker and systemd read them. Blank lines and comments are skipped; quotes around a
// whole value are removed, and nothing in it is expanded.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Environment } from '../config/user-environment.ts'
import { NixpackError } from '../contract/errors.ts'
import type { CommandContext } from './context.ts'

/** Of all files, the later ones first in weight; throws ENV_INVALID. */
export const readEnvironmentFiles = ({ values, workingDir }: Pick<CommandContext, 'values' | 'workingDir'>): Environment => {
  const files = (values.get('--env-file') ?? []).map((file) => resolve(workingDir, file))
  return Object.assign({}, ...files.map((path) => parseEnvironmentFile(readFile(path), path)))
}

const readFile = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new NixpackError('ENV_INVALID', `cannot read environment file "${path}"`, { cause })
  }
}

/** `path` is what messages name. Values are never shown: they may be secrets. */
export const parseEnvironmentFile = (text: string, path: string): Environment => {
  const lines = text.split('\n').map((line, index) => ({ line: line.replace(/\r$/, '').trim(), number: index + 1 }))
  const entries = lines.filter(({ line }) => line !== '' && !line.startsWith('#')).map(({ line, number }) => parseLine(line, `${path}:${number}`))
  return Object.fromEntries(entries)
}

const parseLine = (line: string, place: string): readonly [string, string] => {
  const [, name = '', value = ''] = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/.exec(line) ?? []
  if (name !== '' && !value.includes('\0')) return [name, unquote(value)]
  throw new NixpackError('ENV_INVALID', `cannot read environment file: expected NAME=VALUE at ${place}`)
}

const unquote = (value: string): string => /^(["'])(.*)\1$/.exec(value)?.[2] ?? value
