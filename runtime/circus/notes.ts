// What is to be said about a circus.ini, collected while it is read: problems refuse it, warnings do not.

import { NixpackError } from '../contract/errors.ts'
import type { Note, Place } from './ini.ts'

export type Notes = {
  /** The file cannot be used like this. */
  readonly problem: (place: Place, text: string) => void
  /** It can, but something in it has no effect, or another one than its author may think. */
  readonly warn: (place: Place, text: string) => void
  readonly add: (notes: { readonly problems: readonly Note[]; readonly warnings: readonly Note[] }) => void
  /** Throws CIRCUS_INVALID with every problem. */
  readonly assertUsable: (path: string) => void
  readonly warnings: () => readonly string[]
}

export const createNotes = (): Notes => {
  const problems: Note[] = []
  const warnings: Note[] = []
  return {
    problem: (place, text) => void problems.push({ place, text }),
    warn: (place, text) => void warnings.push({ place, text }),
    add(notes) {
      problems.push(...notes.problems)
      warnings.push(...notes.warnings)
    },
    assertUsable(path) {
      if (problems.length > 0) throw createCircusError(path, [...new Set(problems.map(renderNote))])
    },
    warnings: () => [...new Set(warnings.toSorted((left, right) => left.place.line - right.place.line).map(renderNote))],
  }
}

export const createCircusError = (path: string, problems: readonly string[], cause?: unknown): NixpackError => {
  const text = problems.length === 1 ? (problems[0] ?? '') : problems.map((problem) => `\n  - ${problem}`).join('')
  return new NixpackError('CIRCUS_INVALID', `cannot use circus file "${path}": ${text}`, {
    hint: 'docs/circus.md lists every option with its counterpart',
    cause,
  })
}

const renderNote = ({ place, text }: Note): string => `${place.file}:${place.line === 0 ? '' : `${place.line}:`} ${text}`
