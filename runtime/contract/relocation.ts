// What the index says about relocating a store path: whether it refers to others, and what cannot be rewritten in it.
// Pure.

/** Reason of a note -> how it is told to people. */
export const NOTE_REASONS = {
  compressed: 'a reference inside compressed data',
  archive: 'a reference inside an archive with checksums',
  'utf-16': 'a reference in UTF-16',
  'utf-32': 'a reference in UTF-32',
  escaped: 'a reference with escaped slashes',
  'no-hash': 'names /nix/store without a store path',
  'bare-hash': 'the hash of a store path without /nix/store',
  unread: 'compressed data that could not be read to its end',
} as const

export type NoteReason = keyof typeof NOTE_REASONS

/** Something that same-length rewriting of file contents does not reach; `file` is relative to the store path, empty for the path itself. */
export type RelocationNote = { readonly reason: NoteReason; readonly file: string }

export type RelocationVerdict = {
  /** Whether a file or a symlink of it holds a store path reference to a path of the same bundle, itself included. */
  readonly references: boolean
  /** Empty: a relocated copy works like the original. */
  readonly notes: readonly RelocationNote[]
}

/** A note with its store path, as it is printed. */
export type RelocationFinding = RelocationNote & { readonly path: string; readonly meaning: string }

/** All notes of a bundle; none: it is safe to relocate. */
export const relocationFindings = (paths: readonly (RelocationVerdict & { readonly baseName: string })[]): readonly RelocationFinding[] =>
  paths.flatMap(({ baseName, notes }) => notes.map(({ reason, file }) => ({ path: baseName, file: printable(file), reason, meaning: NOTE_REASONS[reason] })))

/** What commands print as JSON. */
export type Relocation = { readonly safe: boolean; readonly findings: readonly RelocationFinding[] }

export const relocationOf = (paths: Parameters<typeof relocationFindings>[0]): Relocation => {
  const findings = relocationFindings(paths)
  return { safe: findings.length === 0, findings }
}

/** The text of notes in the index: `<reason>\t<file>\n` each. Control characters of file names become "?". */
export const encodeNotes = (notes: readonly RelocationNote[]): string => notes.map(({ reason, file }) => `${reason}\t${printable(file)}\n`).join('')

const printable = (file: string): string => file.replaceAll(CONTROL_CHARACTERS, '?')

const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f]/g

/** The notes of a text from the index, or undefined when it is none that encodeNotes writes. */
export const decodeNotes = (text: string): readonly RelocationNote[] | undefined => {
  if (text === '') return []
  if (!text.endsWith('\n')) return undefined
  const notes = text.slice(0, -1).split('\n').map(decodeNote)
  return notes.includes(undefined) ? undefined : notes.filter((note) => note !== undefined)
}

const decodeNote = (line: string): RelocationNote | undefined => {
  const tab = line.indexOf('\t')
  const [reason, file] = [line.slice(0, Math.max(0, tab)), line.slice(tab + 1)]
  return isReason(reason) && file.search(CONTROL_CHARACTERS) === -1 ? { reason, file } : undefined
}

const isReason = (text: string): text is NoteReason => Object.hasOwn(NOTE_REASONS, text)
