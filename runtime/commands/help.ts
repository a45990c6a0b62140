// `--help`: the manifest in words.

import type { Manifest, ProcessDeclaration, VariableDeclaration } from '../contract/manifest.ts'
import { COMMANDS, GLOBAL_OPTIONS } from './table.ts'
import type { CommandDeclaration, OptionDeclaration } from './table.ts'

export const renderHelp = (manifest: Manifest, program: string): string =>
  [
    manifest.description === '' ? manifest.name : `${manifest.name}: ${manifest.description}`,
    '',
    `Usage: ${program} [COMMAND] [OPTIONS]`,
    ...section('Environment', Object.entries(manifest.env).map(renderVariable)),
    ...section('Commands', COMMANDS.map(renderCommand)),
    ...section('Options', [...GLOBAL_OPTIONS, ...COMMANDS.flatMap(renderOwnOptions)].map(renderOption)),
    ...section(
      'Processes',
      Object.entries(manifest.processes).map(([name, { dependsOn }]) => [name, renderDependencies(dependsOn)]),
    ),
    ...section('Exit status', EXIT_STATUS),
    '',
  ].join('\n')

export const EXIT_STATUS: readonly Row[] = [
  ['0', 'stopped as asked, or all work done'],
  ['1', 'a command found no running instance, or was refused'],
  ['2', 'the command line or the manifest is wrong'],
  ['125', 'could not start, or a process could not be kept running'],
  ['126, 127', 'a program cannot be executed, or was not found'],
  ['128+n', 'the deciding process was killed by signal n; otherwise its own status'],
]

/** The rows keep their left column in line; lines below the first of a row are indented with it. */
type Row = readonly [string, ...string[]]

const section = (title: string, rows: readonly Row[]): readonly string[] => {
  if (rows.length === 0) return []
  const width = Math.max(...rows.map(([left]) => left.length)) + 2
  const lines = rows.flatMap(([left, ...right]) => right.map((text, index) => `  ${(index === 0 ? left : '').padEnd(width)}${text}`.trimEnd()))
  return ['', `${title}:`, ...lines]
}

const renderVariable = ([name, declaration]: [string, VariableDeclaration]): Row => {
  const { description } = declaration
  const facts = `${renderType(declaration)}, ${renderDefault(declaration)}`
  return description === '' ? [name, facts] : [name, description, facts]
}

const renderType = ({ type, values = [], min, max }: VariableDeclaration): string => {
  const alternatives = type === 'enum' ? ` (${values.join(', ')})` : ''
  const low = min === undefined ? '' : `, at least ${min}`
  const high = max === undefined ? '' : `, at most ${max}`
  return `${type}${alternatives}${low}${high}`
}

const renderDefault = ({ type, required, default: fallback }: VariableDeclaration): string => {
  if (fallback === undefined || fallback === '') return required ? 'required' : 'no default'
  if (type === 'secret') return 'default: not shown'
  return type === 'directory' && fallback === '.' ? 'default: the current directory' : `default: ${fallback}`
}

const renderCommand = ({ name, aliases = [], operands, description }: CommandDeclaration): Row => [
  `${[name, ...aliases].join(', ')}${operands === '' ? '' : ` ${operands}`}`,
  description,
]

const renderOwnOptions = ({ name, options }: CommandDeclaration): readonly OptionDeclaration[] =>
  options.map((option) => ({ ...option, description: `${name}: ${option.description}` }))

const renderOption = ({ flag, short, value, description }: OptionDeclaration): Row => [
  `${short === undefined ? '' : `${short}, `}${flag}${value === undefined ? '' : ` ${value}`}`,
  description,
]

const renderDependencies = (dependsOn: ProcessDeclaration['dependsOn']): string =>
  Object.entries(dependsOn)
    .map(([name, edge]) => `after ${name} is ${(typeof edge === 'string' ? edge : edge.condition).replaceAll('_', ' ')}`)
    .join(', ')
