// Turns rows into tests: for each engine one with the plain and one with the composed bundle.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

import { killBundles } from '../helpers/bundle-process.ts'
import { runComposedCell } from './composed-cell.ts'
import { noContainersBecause } from './container.ts'
import { forgetEngines } from './enter-host.ts'
import { runPlainCell } from './plain-cell.ts'
import { expectationsOf, isRefused } from './row.ts'
import type { Choice, Expectation, Row } from './row.ts'

/** For the table: where a test stands in it, and what happened. */
export type CellResult = {
  readonly group: string
  readonly row: string
  readonly choice: Choice
  readonly kind: 'plain' | 'composed'
  readonly outcome: string
}

declare module 'vitest' {
  interface TaskMeta {
    cell?: CellResult
  }
}

export const testRows = (group: string, rows: readonly Row[]): void => {
  const skip = noContainersBecause()
  afterEach(killBundles)
  describe.for(rows)('$title', (row) => {
    const why = row.container === undefined ? undefined : skip
    beforeAll(() => forgetEngines(row.host))
    for (const { choice, plain, composed } of expectationsOf(row)) {
      const cell = { group, row: row.title, choice, outcome: 'failed' } as const
      test(`${choice}: plain`, async ({ task, skip }) => {
        if (why !== undefined) skip(why)
        task.meta.cell = { ...cell, kind: 'plain' }
        const outcome = await runPlainCell({ row, choice, expected: plain })
        task.meta.cell = { ...cell, kind: 'plain', outcome }
        expect(outcome).toBe(outcomeOf(plain))
      })
      test(`${choice}: composed`, async ({ task, skip }) => {
        if (why !== undefined) skip(why)
        task.meta.cell = { ...cell, kind: 'composed' }
        const outcome = await runComposedCell({ row, choice, expected: composed })
        task.meta.cell = { ...cell, kind: 'composed', outcome }
        expect(outcome).toBe(outcomeOf(composed))
      })
    }
  })
  afterAll(killBundles)
}

const outcomeOf = (expected: Expectation): string => (isRefused(expected) ? expected.refused : expected.works)
