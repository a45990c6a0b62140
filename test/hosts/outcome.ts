// How a start ends: with nobody left, with or without warnings, or refused for the expected reason.
import { existsSync } from 'node:fs'
import { expect } from 'vitest'

import { until } from '../helpers/bundle-process.ts'
import type { Choice, Expectation, Refused, Row } from './row.ts'
import type { RowRun } from './start-row.ts'

export type Cell = { readonly row: Row; readonly choice: Choice; readonly expected: Expectation }

type End = Awaited<RowRun['ended']>

/** Waits for the end; nobody may be left then, nor the directory of the run. */
export const finish = async (run: RowRun, runDir?: string): Promise<End> => {
  await run.programEnded
  await until('no process is left', () => run.processes().length === 0).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${JSON.stringify(run.processes())}`)
  })
  if (runDir !== undefined) expect(existsSync(runDir), 'the directory of the run is there').toBe(false)
  run.release()
  return run.ended
}

export const expectWarnings = (row: Row, run: RowRun): void => {
  expect(run.stderr()).toMatch(row.change?.warning ?? /^$/)
}

export const expectRefusal = (run: RowRun, end: End, { refused, because, status }: Refused): string => {
  for (const part of because.split('…')) expect(run.stderr()).toContain(part)
  if (refused !== '') expect(run.stderr()).toContain(`[NIXPACK_${refused}]`)
  expect(end).toEqual({ status, signal: null })
  expect(run.stdout()).toBe('')
  return refused
}
