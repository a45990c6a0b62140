// Command line -> invocation. Everything unknown is an error that names the nearest known word.

import { isInstanceName } from '../contract/directories.ts'
import { NixpackError } from '../contract/errors.ts'
import { renderSuggestion } from '../contract/nearest-name.ts'
import { parseDurationMs } from '../contract/quantity.ts'
import { COMMANDS, GLOBAL_OPTIONS } from './table.ts'
import type { CommandDeclaration, CommandName, OptionDeclaration } from './table.ts'

export type Invocation = {
  readonly command: CommandName
  readonly instance: string
  readonly flags: ReadonlySet<string>
  /** Of options with values; what was given several times is there several times. */
  readonly values: ReadonlyMap<string, readonly string[]>
  readonly timeoutMs: number | undefined
  readonly operands: readonly string[]
}

export const parseArguments = (words: readonly string[]): Invocation => {
  const { operands, flags, values } = collectWords(words)
  const command = resolveCommand(operands[0])
  const rest = operands.slice(1)
  assertOperands(command, rest)
  const allowed = [...GLOBAL_OPTIONS, ...optionsOf(command)].map(({ flag }) => flag)
  for (const flag of [...flags, ...values.keys()]) {
    if (!allowed.includes(flag)) throw usageError(`the command "${command.name}" has no option "${flag}"`)
  }
  return {
    command: command.name,
    instance: resolveInstance(values.get('--instance')?.at(-1)),
    flags,
    values,
    timeoutMs: resolveTimeout(values.get('--timeout')?.at(-1)),
    operands: rest,
  }
}

type Words = Pick<Invocation, 'operands' | 'flags' | 'values'>

const collectWords = (words: readonly string[]): Words => {
  const operands: string[] = []
  const flags = new Set<string>()
  const values = new Map<string, readonly string[]>()
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
    values.set(option.flag, [...(values.get(option.flag) ?? []), value])
  }
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word === '--') operands.push(...queue.splice(0))
    else if (word.startsWith('-') && !/^-\d*$/.test(word)) collectOption(word)
    else {
      operands.push(word)
      if (isOpaqueAfter(operands)) operands.push(...dropSeparator(queue.splice(0)))
    }
  }
  return { operands, flags, values }
}

/** The words of another program follow, which has its own options. */
const isOpaqueAfter = (operands: readonly string[]): boolean => {
  const command = COMMANDS.find((candidate) => namesOf(candidate).includes(operands[0] ?? ''))
  const opaqueFrom = command === undefined ? undefined : opaqueFromOf(command)
  return opaqueFrom !== undefined && operands.length - 1 > opaqueFrom
}

const opaqueFromOf = ({ opaqueFrom }: CommandDeclaration): number | undefined => opaqueFrom

const dropSeparator = (words: readonly string[]): readonly string[] => (words[0] === '--' ? words.slice(1) : words)

const splitOption = (word: string): { readonly name: string; readonly attached?: string } => {
  const equals = word.indexOf('=')
  return word.startsWith('--') && equals > 0 ? { name: word.slice(0, equals), attached: word.slice(equals + 1) } : { name: word }
}

const resolveOption = (name: string): OptionDeclaration => {
  const options: readonly OptionDeclaration[] = [...GLOBAL_OPTIONS, ...COMMANDS.flatMap(optionsOf)]
  const option = options.find(({ flag, short, aliases = [] }) => flag === name || short === name || aliases.includes(name))
  if (option !== undefined) return option
  throw usageError(
    `unknown option "${name}"${renderSuggestion(
      name,
      options.map(({ flag }) => flag),
    )}`,
  )
}

const optionsOf = ({ options }: CommandDeclaration): readonly OptionDeclaration[] => options

const resolveCommand = (word: string = 'up'): (typeof COMMANDS)[number] => {
  const command = COMMANDS.find((candidate) => namesOf(candidate).includes(word))
  if (command !== undefined) return command
  throw usageError(`unknown command "${word}"${renderSuggestion(word, COMMANDS.flatMap(namesOf))}`)
}

const namesOf = ({ name, aliases = [] }: CommandDeclaration): readonly string[] => [name, ...aliases]

const assertOperands = ({ name, operands, arity: [least, most] }: CommandDeclaration, given: readonly string[]): void => {
  const surplus = given[most]
  if (surplus !== undefined) throw usageError(`unexpected argument "${surplus}" of the command "${name}"`)
  if (given.length < least) throw usageError(`the command "${name}" needs ${operands}`)
}

const resolveInstance = (name: string = 'default'): string => {
  if (isInstanceName(name)) return name
  throw usageError(`expected an instance name of at most 32 letters, digits, dots, dashes and underscores, got ${JSON.stringify(name)}`)
}

const resolveTimeout = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined
  // circus' --timeout is a number of seconds.
  const timeoutMs = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : parseDurationMs(text)
  // Longer than a timer can measure is as long as it takes, or nearly.
  if (timeoutMs !== undefined) return Math.min(timeoutMs, TIMEOUT_MAX_MS)
  throw usageError(`expected a duration such as 500ms, 10s or 5m, got ${JSON.stringify(text)}`)
}

const TIMEOUT_MAX_MS = 2_147_483_647

export const usageError = (reason: string): NixpackError =>
  new NixpackError('USAGE_INVALID', `cannot understand the command line: ${reason}`, { hint: 'see --help' })
