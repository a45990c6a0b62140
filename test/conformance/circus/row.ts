// One behaviour of circus, and what is done here: the tests run these rows, docs/circus.md shows them.
import type { Host } from './daemon.ts'

export type Verdict = 'same' | 'better' | 'not meaningful'

export type Row = {
  /** As in the list of what circus' own tests assert; letters for what they do not test. */
  readonly number: string
  readonly behaviour: string
  /** What circus does. */
  readonly circus: string
  readonly verdict: Verdict
  /** What is done here; for what is not meaningful, why. */
  readonly here: string
  /** Rejects when it is not so. Only a row that is not meaningful has none. */
  readonly test?: (host: Host) => Promise<void>
}
