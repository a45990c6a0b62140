// Texts of the manifest -> numbers and signals. The manifest check lets no other text pass.

import type { ProcessDeclaration } from '../contract/manifest.ts'
import type { CorrectiveAction, ExitMark } from '../contract/process-spec.ts'
import { parseDurationMs, parseSizeBytes, TIMER_MAX_MS } from '../contract/quantity.ts'
import { isSignalName } from '../contract/signals.ts'

/** For what the clock on the wall decides; a timer could not wait that long. */
export const unlimitedDurationMs = (text: string): number => parseDurationMs(text) ?? unreachable('duration', text)

export const durationMs = (text: string): number => Math.min(unlimitedDurationMs(text), TIMER_MAX_MS)

export const sizeBytes = (text: string): number => parseSizeBytes(text) ?? unreachable('size', text)

export const signalName = (text: string): NodeJS.Signals => (isSignalName(text) ? text : unreachable('signal', text))

export const octalNumber = (text: string): number => Number.parseInt(text, 8)

export const exitMarks = (marks: ProcessDeclaration['successStatuses']): readonly ExitMark[] =>
  marks.map((mark) => (typeof mark === 'number' ? mark : signalName(mark)))

export const correctiveAction = (action: 'restart' | { readonly signal: string }): CorrectiveAction =>
  action === 'restart' ? action : { signal: signalName(action.signal) }

const unreachable = (kind: string, text: string): never => {
  throw new Error(`unreachable: the manifest check lets no ${kind} like "${text}" pass`)
}
