// A text file with its placeholders filled in. Nobody here knows the file's syntax, so a value that could mean
// something in it is refused unless the author chose a filter.

import { parseTemplate } from '../contract/placeholder.ts'
import { partText, renderReference } from './substitute.ts'
import type { Substitution } from './substitute.ts'
import { renderGiven } from './variables.ts'

export type RenderedText = { readonly text: string; readonly problems: readonly string[] }

export const renderText = (fileName: string, template: string, context: Substitution): RenderedText => {
  const problems: string[] = []
  let isQuoted = false
  const pieces = parseTemplate(template).map((part) => {
    if (part.kind !== 'reference') {
      isQuoted = isInsideQuotes(partText(part), isQuoted)
      return partText(part)
    }
    const { reference } = part
    const value = renderReference(reference, context)
    const variable = reference.subject === 'env' ? context.variables.get(reference.name) : undefined
    const character = reference.filter === undefined ? findUnsafe(value, isQuoted) : undefined
    if (variable !== undefined && character !== undefined) {
      const given = renderGiven(variable.declaration, variable.text)
      problems.push(`${variable.name}: ${given} cannot stand in "${fileName}": it holds ${renderCharacter(character)}`)
    }
    return value
  })
  return { text: pieces.join(''), problems }
}

const findUnsafe = (value: string, isQuoted: boolean): string | undefined => (isQuoted ? UNSAFE_IN_QUOTES : UNSAFE).exec(value)?.[0]

const UNSAFE_IN_QUOTES = /[\u0000-\u001f\u007f-\u009f\u2028\u2029"'\\`$#]/
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029"'\\`$#;{}]|\s/

const renderCharacter = (character: string): string => {
  if (character === ' ') return 'a space'
  if (character === '\n') return 'a line break'
  return /[\u0000-\u0020\u007f-\u00a0\u2028\u2029]/.test(character) ? `the character ${character.charCodeAt(0)}` : `the character ${character}`
}

/** Whether the text ends inside double quotes that were opened on its last line. */
const isInsideQuotes = (text: string, wasQuoted: boolean): boolean => {
  const lineStart = text.lastIndexOf('\n') + 1
  const quotes = text.slice(lineStart).replaceAll(/\\./g, '').split('"').length - 1
  return (lineStart > 0 ? false : wasQuoted) !== (quotes % 2 === 1)
}
