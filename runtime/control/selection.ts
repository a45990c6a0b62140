// Operands of a command -> names that the supervisor knows: NAME, NAME:INDEX, or a pattern of * and ?. Upper and lower
// case are the same where that is unambiguous, as in circus. Pure.

import type { ProcessStatus } from '../contract/control.ts'
import { NixpackError } from '../contract/errors.ts'
import { renderSuggestion } from '../contract/nearest-name.ts'

/** Nothing given means every process, and comes out as nothing. Throws CONTROL_REFUSED for what matches nothing. */
export const resolveSelection = (operands: readonly string[], processes: readonly ProcessStatus[]): readonly string[] => {
  const names = processes.map(({ name }) => name)
  const labels = processes.flatMap(({ name, instances }) => instances.map(({ index }) => `${name}:${index}`))
  return [...new Set(operands.flatMap((operand) => resolveOperand(operand, [...names, ...labels], names)))]
}

/** The one process that is meant; an index is cut off. */
export const resolveProcess = (operand: string, processes: readonly ProcessStatus[]): string => {
  const [first = '', ...others] = new Set(resolveSelection([operand], processes).map((label) => processOf(label, processes)))
  if (others.length === 0) return first
  throw new NixpackError('CONTROL_REFUSED', `cannot choose a process: "${operand}" means ${[first, ...others].join(', ')}`, { hint: 'name one of them' })
}

/** Process names hold no colon. */
export const processOf = (label: string, processes: readonly ProcessStatus[]): string =>
  processes.find(({ name, instances }) => name === label || instances.some(({ index }) => `${name}:${index}` === label))?.name ?? label

const resolveOperand = (operand: string, known: readonly string[], names: readonly string[]): readonly string[] => {
  // A pattern without a colon is about processes, one with a colon about instances.
  const candidates = known.filter((name) => name.includes(':') === operand.includes(':'))
  const exact = candidates.filter((name) => matchesPattern(name, operand))
  if (exact.length > 0) return exact
  const similar = candidates.filter((name) => matchesPattern(name.toLowerCase(), operand.toLowerCase()))
  const hasPattern = /[*?]/.test(operand)
  if (similar.length === 1 || (hasPattern && similar.length > 0)) return similar
  const hint = names.length === 0 ? 'there are no processes' : `name one of: ${names.join(', ')}`
  throw new NixpackError('CONTROL_REFUSED', `cannot find process "${operand}"${renderSuggestion(operand, known)}`, { hint })
}

/** `*` any characters, `?` one. Goes back to the latest star only: linear in practice, whatever the pattern is. */
export const matchesPattern = (text: string, pattern: string): boolean => {
  let at = 0
  let position = 0
  let star = -1
  let resumeAt = 0
  while (at < text.length) {
    if (pattern[position] === '*') {
      star = position
      resumeAt = at
      position += 1
    } else if (pattern[position] === '?' || pattern[position] === text[at]) {
      at += 1
      position += 1
    } else if (star >= 0) {
      resumeAt += 1
      at = resumeAt
      position = star + 1
    } else return false
  }
  return /^\**$/.test(pattern.slice(position))
}
