// What a store path holds, independent of the closure that it is bundled with, and what follows from it. Pure.
import type { NoteReason, RelocationNote, RelocationVerdict } from '../../runtime/contract/relocation.ts'
import { HASH_LENGTH } from './scanner.ts'

/**
 * `run` holds 32 or more characters of which any 32 may be a hash of the closure; empty: it counts whatever the closure
 * is. For a reference the file does not matter and is empty.
 */
export type Fact = { readonly reason: NoteReason | 'reference'; readonly file: string; readonly run: string }

/** An ELF program or library and its e_machine; the first one of each machine. */
export type MachineFile = { readonly machine: number; readonly file: string }

export type PathFacts = {
  readonly facts: readonly Fact[]
  readonly machines: readonly MachineFile[]
  /** False: there were so many hash-like runs that only those of this closure are in `facts`. */
  readonly complete: boolean
}

/** Whether a hash of 32 characters is that of a path of the bundle. */
export type IsMember = (hash: string) => boolean

/** What the facts mean in a bundle of these paths. */
export const judge = ({ facts }: PathFacts, isMember: IsMember): RelocationVerdict => {
  const found = facts.flatMap((fact) => reasonsOf(fact, isMember).map((reason) => ({ reason, file: fact.file })))
  const notes = new Map<string, RelocationNote>()
  for (const { reason, file } of found) if (reason !== 'reference') notes.set(`${reason}\t${file}`, { reason, file })
  return { references: found.some(({ reason }) => reason === 'reference'), notes: [...notes.values()] }
}

/** The prefix stands only in front of the first 32 characters of a run. */
const reasonsOf = ({ reason, run }: Fact, isMember: IsMember): readonly Fact['reason'][] => {
  if (run === '') return [reason]
  const first = isMember(run.slice(0, HASH_LENGTH)) ? [reason] : []
  if (!hasMember(run.slice(1), isMember)) return first
  return [...first, reason === 'reference' || reason === 'escaped' ? 'bare-hash' : reason]
}

/** Whether any 32 characters of the run are the hash of a path of the bundle. */
export const hasMember = (run: string, isMember: IsMember): boolean => {
  for (let at = 0; at + HASH_LENGTH <= run.length; at++) if (isMember(run.slice(at, at + HASH_LENGTH))) return true
  return false
}
