// One answer of a check. `isLate` tells silence from a no: the next try may take longer.

export type Answer = { readonly isYes: true } | { readonly isYes: false; readonly reason: string; readonly isLate?: boolean }

export const YES: Answer = { isYes: true }

export const answerNo = (reason: string): Answer => ({ isYes: false, reason })

export const answerLate = (what: string, limitMs: number): Answer => ({ isYes: false, reason: `${what} within ${limitMs} ms`, isLate: true })
