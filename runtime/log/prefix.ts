// What stands before each line: the process name, padded so that the bars are in one column, coloured on a terminal.

import type { LineBatch } from './line-assembler.ts'

export type PrefixOptions = { readonly names: readonly string[]; readonly colour: boolean }

/** Process name -> the same lines, prefixed. Bytes that are not UTF-8 come out as they went in. */
export const createPrefixer = ({ names, colour }: PrefixOptions): ((name: string, lines: LineBatch) => Buffer) => {
  const width = Math.max(0, ...names.map((name) => name.length))
  const prefixes = new Map(names.map((name, index) => [name, renderPrefix(name.padEnd(width), colour ? index : undefined)]))
  return (name, { bytes }) => {
    const prefix = prefixes.get(name) ?? renderPrefix(name.padEnd(width), undefined)
    // latin1 maps each byte to one character and back: the fastest way to edit bytes with string functions.
    const text = bytes.toString('latin1', 0, bytes.length - 1)
    return Buffer.from(`${prefix}${text.replaceAll('\n', `\n${prefix}`)}\n`, 'latin1')
  }
}

/** NO_COLOR and FORCE_COLOR as no-color.org and Node define them; otherwise only terminals get colours. */
export const wantsColour = (environment: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean => {
  const { FORCE_COLOR: forced, NO_COLOR: refused, TERM: terminal } = environment
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false'
  if (refused !== undefined && refused !== '') return false
  return isTerminal && terminal !== 'dumb'
}

const COLOURS = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94] as const

const renderPrefix = (name: string, index: number | undefined): string =>
  index === undefined ? `${name} | ` : `\u001b[${COLOURS[index % COLOURS.length]}m${name} |\u001b[0m `
