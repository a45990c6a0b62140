// Command line -> invocation. Everything unknown is an error that names the nearest known word.

import { isInstanceName } from '../contract/directories.ts'
import { NixpackError } from '../contract/errors.ts'
import { renderSuggestion } from '../contract/nearest-name.ts'
import { COMMANDS, GLOBAL_OPTIONS } from './table.ts'
import type { CommandDeclaration, CommandName, OptionDeclaration } from './table.ts'

export type Invocation = {
  readonly command: CommandName
  readonly instance: string
  readonly flags: ReadonlySet<string>
  readonly operands: readonly string[]
}

export const parseArguments = (words: readonly string[]): Invocation => {
  const { operands, flags, values } = collectWords(words)
  const command = resolveCommand(operands[0])
  const rest = operands.slice(1)
  const declaration: CommandDeclaration = command
  assertOperands(declaration, rest)
  const allowed = [...GLOBAL_OPTIONS, ...declaration.options].map(({ flag }) => flag)
  for (const flag of flags) {
    if (!allowed.includes(flag)) throw usageError(`the command "${command.name}" has no option "${flag}"`)
  }
  return { command: command.name, instance: resolveInstance(values.get('--instance')), flags, operands: rest }
}

type Words = {
  readonly operands: readonly string[]
  readonly flags: ReadonlySet<string>
  readonly values: ReadonlyMap<string, string>
}

const collectWords = (words: readonly string[]): Words => {
  const operands: string[] = []
  const flags = new Set<string>()
  const values = new Map<string, string>()
  const queue = [...words]
  const collectOption = (word: string): void => {
    const { name, attached } = splitOption(word)
    const option = resolveOption(name)
    if (option.value === undefined) {
      if (attached !== undefined) throw usageError(`option "${option.flag}" takes no value`)
      flags.add(option.flag)
      return
    }
    const value = attached ?? queue.shift()
    if (value === undefined) throw usageError(`option "${option.flag}" needs a value: ${option.value}`)
    values.set(option.flag, value)
  }
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word === '--') operands.push(...queue.splice(0))
    else if (word.startsWith('-') && word !== '-') collectOption(word)
    else operands.push(word)
  }
  return { operands, flags, values }
}

const splitOption = (word: string): { readonly name: string; readonly attached?: string } => {
  const equals = word.indexOf('=')
  return word.startsWith('--') && equals > 0 ? { name: word.slice(0, equals), attached: word.slice(equals + 1) } : { name: word }
}

const resolveOption = (name: string): OptionDeclaration => {
  const commandOptions = COMMANDS.flatMap((command): readonly OptionDeclaration[] => command.options)
  const options: readonly OptionDeclaration[] = [...GLOBAL_OPTIONS, ...commandOptions]
  const option = options.find(({ flag, short }) => flag === name || short === name)
  if (option !== undefined) return option
  throw usageError(
    `unknown option "${name}"${renderSuggestion(
      name,
      options.map(({ flag }) => flag),
    )}`,
  )
}

const resolveCommand = (word: string = 'up'): (typeof COMMANDS)[number] => {
  const command = COMMANDS.find((candidate) => namesOf(candidate).includes(word))
  if (command !== undefined) return command
  throw usageError(`unknown command "${word}"${renderSuggestion(word, COMMANDS.flatMap(namesOf))}`)
}

const namesOf = ({ name, aliases = [] }: CommandDeclaration): readonly string[] => [name, ...aliases]

const assertOperands = ({ name, operands }: CommandDeclaration, given: readonly string[]): void => {
  const limits = { '': 0, '[FILE]': 1, '[PROC...]': Number.POSITIVE_INFINITY }
  const surplus = given[limits[operands]]
  if (surplus !== undefined) throw usageError(`unexpected argument "${surplus}" of the command "${name}"`)
}

const resolveInstance = (name: string = 'default'): string => {
  if (isInstanceName(name)) return name
  throw usageError(`expected an instance name of at most 32 letters, digits, dots, dashes and underscores, got ${JSON.stringify(name)}`)
}

const usageError = (reason: string): NixpackError => new NixpackError('USAGE_INVALID', `cannot understand the command line: ${reason}`, { hint: 'see --help' })
