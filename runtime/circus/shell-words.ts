// A command line -> words, as Python's shlex.split does it: quotes and backslashes, no variables and no globs.

/** Undefined: a quotation that does not end, or a backslash at the end. */
export const splitShellWords = (text: string): readonly string[] | undefined => {
  const words: string[] = []
  let word: string | undefined
  for (let at = 0; at < text.length;) {
    const part = readPart(text, at)
    if (part === undefined) return undefined
    at = part.end
    if (part.text !== undefined) word = (word ?? '') + part.text
    else if (word !== undefined) {
      words.push(word)
      word = undefined
    }
  }
  return word === undefined ? words : [...words, word]
}

/** No text: white space. */
type Part = { readonly end: number; readonly text?: string }

const readPart = (text: string, at: number): Part | undefined => {
  const character = text[at] ?? ''
  if (/\s/.test(character)) return { end: at + 1 }
  if (character === "'") return readUntilQuote(text, at, /'/g)
  if (character === '"') return readDoubleQuoted(text, at + 1)
  if (character !== '\\') return { end: at + 1, text: character }
  return at + 1 < text.length ? { end: at + 2, text: text[at + 1] ?? '' } : undefined
}

const readUntilQuote = (text: string, at: number, quote: RegExp): Part | undefined => {
  quote.lastIndex = at + 1
  const end = quote.exec(text)?.index
  return end === undefined ? undefined : { end: end + 1, text: text.slice(at + 1, end) }
}

/** Between double quotes a backslash only protects a quote or another backslash. */
const readDoubleQuoted = (text: string, from: number): Part | undefined => {
  let value = ''
  for (let at = from; at < text.length; at += 1) {
    const character = text[at] ?? ''
    if (character === '"') return { end: at + 1, text: value }
    const next = text[at + 1]
    const isEscape = character === '\\' && (next === '"' || next === '\\')
    value += isEscape ? next : character
    if (isEscape) at += 1
  }
  return undefined
}
