// cmd, args, shell, shell_args -> the words of a command.

import type { Section } from './section.ts'
import { splitShellWords } from './shell-words.ts'

/** Empty when there is a problem. */
export const planCommand = (section: Section): readonly string[] => {
  const cmd = section.text('cmd') ?? ''
  if (cmd.trim() === '') {
    section.problem(undefined, `[${section.name}] has no cmd`)
    return []
  }
  const words = (key: string): readonly string[] => readWords(section, key)
  if (section.boolean('shell') === true) return ['/bin/sh', '-c', joinLines([cmd, section.text('args') ?? '']), ...words('shell_args')]
  if (section.text('shell_args') !== undefined) section.warn('shell_args', '"shell_args" has no effect: shell is not True')
  return [...words('cmd'), ...words('args')]
}

/** Where the instance's number is meant. */
export const INSTANCE_INDEX = '@{nixpack:process.index}'

const readWords = (section: Section, key: string): readonly string[] => {
  const text = withIndex(section.text(key) ?? '')
  const words = splitShellWords(text)
  if (words === undefined) section.problem(key, `"${key}": a quotation that does not end, or a backslash at the end`)
  return words ?? []
}

const joinLines = (texts: readonly string[]): string =>
  texts
    .filter((text) => text.trim() !== '')
    .map(withIndex)
    .join(' ')

/** How circus wrote it before there were parentheses. */
const withIndex = (text: string): string => text.replaceAll(/\$WID\b/g, INSTANCE_INDEX)
